"""pandas and scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
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


@pytest.mark.parametrize("name", CASES)
def test_frames(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])
