"""pandas and scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "a mixed frame": cells(
        (
            """
            import pandas as pd, numpy as np
            df = pd.DataFrame({'a': [1, 2, 3], 'b': list('xyz'), 'c': pd.Categorical(['u', 'v', 'u']),
              'd': pd.date_range('2020', periods=3, tz='UTC'), 'e': pd.array([1, None, 3], dtype='Int64'), 'f': [1.5, None, 2], 'o': [[1], {}, ()]})
            big = pd.DataFrame(np.zeros((1000, 4)))
            """,
            "len(df) == 3 and df.e.isna()[1]",
        ),
        ("s = df['a']", "s.tolist() == [1, 2, 3]", "df big"),
        ("df.loc[0, 'a'] = 10", "df.a[0] == 10 and s[0] == 1", "big s"),
        (
            "df['z'] = df.a * 2",
            "df.z[0] == 20 and str(df.d.dt.tz) == 'UTC' and df.e.isna()[1] and df.c.cat.categories.tolist() == ['u', 'v'] and df.o[0] == [1]",
            "big s",
        ),
        ("df = df.drop(columns='b'); df.attrs['n'] = 1", "'b' not in df and df.attrs == {'n': 1}", "big s"),
        ("df.columns = ['A', *df.columns[1:]]; df.index = list('pqr')", "df.A['p'] == 10", "big s"),
        ("big.iloc[5, 2] = 7", "big.iloc[5, 2] == 7 and big.sum().sum() == 7", "df s"),
    ),
    "a method that finds nothing to change in place": cells(
        "import pandas as pd; df = pd.DataFrame({'u': [1, 2], 'w': ['x', 'y']})",
        ("df.fillna(0, inplace=True); n = 1", "df.w.tolist() == ['x', 'y']", "df"),
    ),
    "looking changes nothing": cells(
        (
            """
            import pandas as pd
            df = pd.DataFrame({'a': [1, 2, 3], 'b': list('xyz'), 'd': pd.date_range('2020', periods=3)}); s = df.a
            """,
            "len(df) == 3",
        ),
        (
            "repr(df); df._repr_html_(); df.describe(); df.dtypes; df.memory_usage(deep=True); df.d.dt.year; df.groupby('b').a.sum(); df.index.is_unique",
            "len(df) == 3",
            "df s",
        ),
    ),
    "looking at group-bys, windows and indexes changes nothing": cells(
        (
            """
            import pandas as pd
            d = pd.DataFrame({'k': list('aab'), 'v': [1., 2., 3.]}, index=pd.date_range('2020', periods=3, freq='D', name='t'))
            groups = d.groupby('k'); column = groups['v']; windows = [d.v.rolling(2), d.v.expanding(), d.v.ewm(span=2)]
            days = d.v.resample('D'); many = d.set_index('k', append=True)
            other = pd.DataFrame({'c': pd.Categorical(['a', None], ['b', 'a'], ordered=True), 'p': pd.period_range('2020', periods=2, freq='M'),
                'i': pd.interval_range(0, 2, closed='left'), 's': pd.arrays.SparseArray([0, 1]), 'n': pd.array([1, None], 'Int64')})
            """,
            "groups.obj is d and d.index.freq == 'D' and other.i.array.closed == 'left' and other.c.cat.ordered",
        ),
        (
            """
            repr(d); d.index.is_year_end; d['2020-01-02':]; d.shift(1, freq='D'); repr(groups); column.sum()
            groups.groups; groups.indices; column.mean(); len(groups); groups.get_group('a'); list(groups); column.describe()
            [window.mean() for window in windows]; days.sum(); len(days); many.unstack(); many.index.get_loc((d.index[0], 'a'))
            many.index.levels; repr(other); other.c.value_counts(); other.p.dt.year; other.i.array.left; other.n.sum(); other.s.sparse.density
            """,
            "column.sum()['a'] == 3 and windows[0].sum().iloc[1] == 3 and days.sum().iloc[2] == 3",
            "d groups column windows days many other",
        ),
        (
            "d.attrs['n'] = [1]; other.flags.allows_duplicate_labels = False; many.note = 'kept'",
            "d.attrs == {'n': [1]} and not other.flags.allows_duplicate_labels and many.note == 'kept'",
        ),
        ("d.iloc[0, 1] = 100", "d.v.iloc[0] == 100 and groups.obj is d", "many other"),
    ),
    "names of one frame": cells(
        (
            """
            import pandas as pd
            df = pd.DataFrame({'a': [1, 2, 3]}); alias = df; holder = {'df': df}
            """,
            "alias is df is holder['df']",
        ),
        ("alias['b'] = 1", "df.columns.tolist() == ['a', 'b'] and holder['df'] is alias is df"),
        ("df = df[df.a > 1]", "len(df) == 2 and len(alias) == 3 and holder['df'] is alias"),
        ("holder['df'].loc[0, 'a'] = 100", "alias.a[0] == 100 and df.a.tolist() == [2, 3]"),
    ),
    "frames that share memory behave as if they did not": cells(
        (
            """
            import pandas as pd
            df = pd.DataFrame({'a': [1, 2, 3], 'b': [4, 5, 6]}); s = df['a']; part = df.iloc[:2]; shallow = df.copy(deep=False)
            """,
            "s[0] == 1",
        ),
        ("s[1] = 50", "s[1] == 50 and df.a[1] == 2 and part.a[1] == 2", "df part shallow"),
        ("df.loc[0, 'b'] = 40", "df.b[0] == 40 and part.b[0] == 4 and shallow.b[0] == 4", "s part shallow"),
        ("shallow['a'] = 0", "df.a[0] == 1 and shallow.a[0] == 0 and s[0] == 1", "s part df"),
    ),
    "a frame over an array": cells(
        (
            """
            import numpy as np, pandas as pd
            sh = np.shares_memory
            a = np.arange(6.).reshape(3, 2); df = pd.DataFrame(a, copy=False); b = np.zeros(3)
            """,
            "sh(a, df.values)",
        ),
        ("a[0, 0] = 9", "df.iloc[0, 0] == 9 and sh(a, df.values)", "b"),
        ("df.iloc[1, 1] = 8", "a[1, 1] == 8 and sh(a, df.values)", "b"),
        ("whole = df[:]", "sh(a, whole.values) and sh(a, df.values)", "b"),
        (
            "whole.iloc[2, 0] = 7",
            "whole.iloc[2, 0] == 7 and df.iloc[2, 0] == 4 == a[2, 0] and sh(a, df.values) and sh(a, whole[1].values)",
            "b",
        ),
        ("del whole; s = df[0]; t = df[1]", "sh(s.values, a) and sh(t.values, a)", "b"),
        ("s[0] = -1", "df.iloc[0, 0] == 9 == a[0, 0] and s[0] == -1 and not sh(s.values, a)", "b"),
        (
            "df.iloc[0, 1] = -2",
            "t[0] == 1 == a[0, 1] and df.iloc[0, 1] == -2 and sh(t.values, a) and sh(df[0].values, a)",
            "b s",
        ),
    ),
    "series, indexes and arrays of one memory": cells(
        (
            """
            import numpy as np, pandas as pd
            sh = np.shares_memory
            a = np.arange(3); s = pd.Series(a, copy=False); i = pd.Index(s)
            """,
            "sh(a, s.values) and sh(a, i.values)",
        ),
        ("s[0] = 5", "a[0] == 0 == i[0] and s[0] == 5 and sh(a, i.values) and not sh(a, s.values)"),
        ("x = pd.array([1, None, 3]); u = pd.Series(x, copy=False)", "u.array is x"),
        ("x[0] = 7", "u[0] == 7 and u.array is x", "a s"),
        ("u[2] = 9", "x[2] == 9 and u.array is x", "a s"),
        ("column = s.array", "sh(column._ndarray, s.values)", "x u"),
        ("column[1] = 77", "s[1] == 77", "x u"),
        ("s[2] = 78", "column[2] == 78", "x u"),
    ),
    "arrays taken from frames": cells(
        (
            """
            import numpy as np, pandas as pd
            sh = np.shares_memory
            df = pd.DataFrame({'x': [1., 2.], 'y': [3, 4]}); v = df['x'].to_numpy(); o = df['y']
            d = pd.DataFrame(pd.date_range('2020', periods=2), columns=['d']); w = d['d'].values; n = np.asarray(d)
            """,
            "sh(v, df['x'].values) and sh(w, d['d'].values) and sh(n, w)",
        ),
        ("df.loc[0, 'x'] = 5", "v[0] == 5 and sh(v, df['x'].values)", "o d w"),
        ("d.loc[0, 'd'] = pd.Timestamp('2021')", "str(w[0])[:4] == '2021' and sh(n, w)", "o df v"),
        ("h = {'df': df, 'v': v}; del v", "sh(h['v'], df['x'].values) and h['df'] is df", "o d w"),
        ("h['v'] = None; del h['df']", "h == {'v': None}", "o d w"),
        ("df.loc[1, 'x'] = 6", "df.x[1] == 6", "h o d w"),
    ),
    "indexes": cells(
        (
            """
            import pandas as pd
            mi = pd.DataFrame({'k': list('aab'), 'n': [1, 2, 1], 'v': [1., 2., 3.]}).set_index(['k', 'n'])
            idx = mi.index; per = pd.period_range('2020', periods=3, freq='M'); inter = pd.interval_range(0, 3); ts = pd.Timestamp('2020', tz='UTC')
            """,
            "mi.index.nlevels == 2 and mi.loc[('a', 2), 'v'] == 2",
        ),
        ("mi.loc[('a', 2), 'v'] = 20", "mi.v.tolist() == [1, 20, 3] and idx.equals(mi.index)", "per inter"),
        ("un = mi.unstack()", "un.shape == (2, 2) and mi.v.tolist() == [1, 20, 3]", "mi per inter"),
        ("mi.index = pd.RangeIndex(3)", "mi.v[1] == 20 and idx.nlevels == 2", "per inter un"),
    ),
    "a model": cells(
        (
            """
            import numpy as np
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler
            from sklearn.linear_model import LogisticRegression
            X = np.random.RandomState(0).rand(50, 3); y = (X[:, 0] > .5).astype(int)
            pipe = make_pipeline(StandardScaler(), LogisticRegression())
            """,
            "not hasattr(pipe[-1], 'coef_')",
        ),
        ("_ = pipe.fit(X, y); scaler = pipe[0]", "pipe.score(X, y) > .8 and pipe[0] is scaler", "X y"),
        ("_ = pipe.fit(X, 1 - y)", "pipe.score(X, 1 - y) > .8 and pipe[0] is scaler", "X y"),
        ("found = pipe.predict(X)", "(found == pipe.predict(X)).all()", "pipe X y scaler"),
    ),
}


WRITES = {
    "the whole of a frame over an array": (
        "a = np.arange(6.).reshape(3, 2); df = pd.DataFrame(a, copy=False); one = df[:]; two = df[:]",
        ["one.iloc[0, 0] = 9", "df.iloc[1, 1] = 8", "two.iloc[2, 0] = 7", "a[2, 1] = -1", "a[0] = -2"],
    ),
    "columns of a frame over an array": (
        "a = np.arange(6.).reshape(3, 2); df = pd.DataFrame(a, copy=False); one = df[0]; two = one[:2]",
        ["two[0] = 9", "one[1] = 8", "a[2, 0] = 7", "df.iloc[0, 0] = 6", "df.iloc[1, 1] = 5", "a[...] = -1"],
    ),
    "a frame, its array and its index": (
        "a = np.arange(3.); df = pd.Series(a, copy=False); one = pd.Index(df); two = pd.Series(one)",
        ["df[0] = 9", "a[1] = 8", "two[2] = 7", "a[2] = 6"],
    ),
    "frames alone": (
        "a = 0; df = pd.DataFrame({'x': [1, 2], 'y': [3, 4]}); one = df['x']; two = df[:]",
        ["one[0] = 9", "df.loc[1, 'x'] = 8", "two.loc[0, 'y'] = 7", "df.loc[1, 'y'] = 6"],
    ),
    "a frame and its values": (
        "df = pd.DataFrame({'x': [1, 2], 'y': [3, 4]}); a = df.values; one = df.x; two = df.array if 0 else df.y.array",
        ["df.loc[0, 'x'] = 9", "two[0] = 8", "df.loc[1, 'y'] = 7", "one[1] = 6"],
    ),
    "an extension array": (
        "a = pd.array([1, 2, None]); df = pd.Series(a, copy=False); one = df[:2]; two = pd.DataFrame({'x': df}, copy=False)",
        ["a[0] = 9", "one[1] = 8", "df[0] = 7", "two.loc[2, 'x'] = 6", "a[1] = 5"],
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_writes_after_a_restore_reach_what_they_would_have_reached(
    name: str, kernel: Kernel, other: Kernel, notebook: Path
) -> None:
    """Copy-on-write goes on as if the session had not been restored: each write first and last."""
    setup, writes = WRITES[name]
    looks = [f"np.asarray({name}).tolist()" for name in ("a", "df", "one", "two")]
    session_of(kernel, notebook)
    kernel.cell("import numpy as np, pandas as pd")
    kernel.cell(setup)
    kernel.do("s.flush()")
    head = kernel.session("s.head")
    session_of(other, notebook)
    for first in range(len(writes)):
        order = [*writes[first:], *writes[:first]]
        other.do(f"s.restore({head!r})")
        kernel.cell(setup)
        for write in order:
            kernel.cell(write)
            other.cell(write)
            assert other.values(looks) == kernel.values(looks), f"{write} of {order}"


@pytest.mark.parametrize("name", CASES)
def test_frames(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])
