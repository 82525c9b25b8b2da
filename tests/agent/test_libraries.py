"""pyarrow, polars, scipy and others: values, layout, what is stored of slices, looking that changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "arrow": cells(
        (
            """
            import pyarrow as pa
            a = pa.array([1, None, 3]); s = a[1:]; n = pa.array([[1], [2, 3], None]); d = pa.array(['x', 'y', 'x']).dictionary_encode(); v = pa.array(['long' * 9], pa.string_view())
            t = pa.table({'a': pa.chunked_array([[1], [2, 3]]), 'b': ['x', None, 'z']}).replace_schema_metadata({'k': 'v'}); b = pa.record_batch({'q': a}); z = pa.nulls(2); e = pa.array([], pa.float16())
            u = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(['p', 'q'])]); r = pa.RunEndEncodedArray.from_arrays([2], [5]); l = [t, t.select(['a']), t.slice(1)]
            buffers = [pa.py_buffer(b'abc'), pa.allocate_buffer(3)]; sc = pa.scalar(5); schema = t.schema; ts = pa.array([0], pa.timestamp('us', 'UTC')); other = pa.array([7])
            """,
            (
                "a.to_pylist() == [1, None, 3] and s.to_pylist() == [None, 3] and n.to_pylist()[1] == [2, 3] and d.type.equals(pa.dictionary(pa.int32(), pa.string()))"
                " and t['a'].num_chunks == 2 and t.schema.metadata == {b'k': b'v'} and l[0].equals(t) and l[1]['a'].chunk(1).buffers()[1].address == l[0]['a'].chunk(1).buffers()[1].address"
                " and z.null_count == 2 and u.to_pylist() == [1, 'q'] and r.to_pylist() == [5, 5] and [x.is_mutable for x in buffers] == [False, True] and schema == t.schema"
            ),
        ),
        (
            "t = t.set_column(1, 'b', pa.array([4, 5, 6])); l.append(a); a = pa.array([9])",
            "t['b'].to_pylist() == [4, 5, 6] and l[0]['b'].to_pylist() == ['x', None, 'z'] and l[3].to_pylist() == [1, None, 3] and a.to_pylist() == [9]",
            "s n d v b z e u r buffers sc other",
        ),
    ),
    "arrow over the memory of an array": cells(
        (
            """
            import pyarrow as pa, numpy as np
            x = np.arange(8); a = pa.array(x); b = pa.py_buffer(x); t = pa.table({'a': a[2:]}); o = pa.array([1, 2]); y = np.arange(3)
            """,
            "a.to_pylist()[7] == 7 and b.address == x.ctypes.data",
        ),
        ("x[7] = 70", "a[7].as_py() == 70 and t['a'][5].as_py() == 70 and b.address == x.ctypes.data", "o y"),
        Cell("del b", "a.buffers()[1].address == x.ctypes.data and a[7].as_py() == 70", "o y", gone="b"),
    ),
    "polars": cells(
        (
            """
            import polars as pl, datetime as dt
            df = pl.DataFrame({'a': [1, 2, None], 'b': ['x', 'y', None], 'c': [1.5, 2, 3]}); s = df['a']; two = df.vstack(df); none = pl.DataFrame(); high = pl.DataFrame(height=3)
            more = pl.DataFrame({'e': pl.Series(['x', 'y'], dtype=pl.Enum(['y', 'x'])), 'k': pl.Series(['p', 'q'], dtype=pl.Categorical), 'l': [[1], []], 'st': [{'q': 1}, {'q': None}], 't': [dt.datetime(2020, 1, 1), None], 'n': [None, None], 'h': pl.Series([2**100, 1], dtype=pl.Int128), 'dc': pl.Series(['1.5', '2']).cast(pl.Decimal(10, 2)), 'u': pl.Series([1, 2], dtype=pl.UInt8), 'f': pl.Series([1, 2], dtype=pl.Float32)})
            srt = pl.Series('s', [3, 1]).sort(); lf = df.lazy().filter(pl.col('a') > 1); ex = pl.col('a') + 1; ob = pl.Series('o', [dt, [1]], dtype=pl.Object); i = pl.Int64; held = [df, df]
            """,
            (
                "df.shape == (3, 3) and s.to_list() == [1, 2, None] and two.n_chunks() == 2 and none.shape == (0, 0) and high.shape == (3, 0) and more.schema['e'] == pl.Enum(['y', 'x'])"
                " and str(list(more.schema.values())[6:]) == '[Int128, Decimal(precision=10, scale=2), UInt8, Float32]' and more['h'][0] == 2**100 and str(more['dc'][0]) == '1.50'"
                " and more.schema['k'] == pl.Categorical and more['st'].to_list() == [{'q': 1}, {'q': None}] and srt.flags['SORTED_ASC'] and not s.flags['SORTED_ASC']"
                " and lf.collect()['a'].to_list() == [2] and df.select(ex)['a'].to_list() == [2, 3, None] and ob[0] is dt and i is pl.Int64 and held[0] is held[1] is df"
            ),
        ),
        (
            "df[0, 'a'] = 9",
            "df['a'].to_list() == [9, 2, None] and s.to_list() == [1, 2, None] and held[1] is df and lf.collect()['a'].to_list() == [2]",
            "s two none high more srt lf ex ob",
        ),
        (
            "df = df.with_columns(d=pl.col('c') * 2); s.append(s)",
            "df.columns == ['a', 'b', 'c', 'd'] and held[0].columns == ['a', 'b', 'c'] and s.n_chunks() == 2 and len(s) == 6",
            "two none high more srt lf ex ob",
        ),
    ),
    "polars over the memory of an array": cells(
        (
            """
            import polars as pl, numpy as np
            x = np.arange(4.); s = pl.Series('x', x); y = np.arange(2); own = pl.Series([1, 2])
            """,
            "s[1] == 1 and (s.to_numpy().ctypes.data == x.ctypes.data)",
        ),
        ("x[1] = 10", "s[1] == 10", "y own"),
        ("s[0] = 5", "s.to_list() == [5, 10, 2, 3] and x[0] == 0", "y own"),
        ("x[2] = 7", "s[2] == 2", "s y own"),
    ),
    "sparse": cells(
        (
            """
            import numpy as np, scipy.sparse as sp
            m = sp.csr_array(np.eye(3)); k = sp.coo_matrix(([1., 2.], ([0, 0], [1, 1])), (2, 2)); d = m.data; l = sp.lil_array((2, 2)); o = sp.dok_array((2, 2))
            u = sp.csr_array((np.array([1., 2.]), np.array([1, 0]), np.array([0, 2])), (1, 2))
            """,
            "m.toarray()[1, 1] == 1 and k.nnz == 2 and d is m.data and not u.has_sorted_indices",
        ),
        (
            "m.data[1] = 5; l[0, 1] = 3; o[1, 1] = 4",
            "d[1] == 5 and m[1, 1] == 5 and l[0, 1] == 3 and o[1, 1] == 4",
            "k u",
        ),
        (
            "k.sum_duplicates(); u.sort_indices()",
            "k.nnz == 1 and u.has_sorted_indices and u.indices.tolist() == [0, 1]",
            "m d l o",
        ),
    ),
    "graphs and search trees": cells(
        (
            """
            import networkx as nx, numpy as np
            from sklearn.neighbors import KDTree
            class Net(nx.Graph):
                kind = 'mine'
            g = Net([(1, 2), (2, 3)]); g.nodes[1]['w'] = [1]; w = g.nodes[1]['w']; d = nx.DiGraph([(1, 2)]); x = np.arange(40.).reshape(20, 2); tree = KDTree(x)
            """,
            "type(g) is Net and g.nodes[1]['w'] is w and list(d.succ[1]) == [2] and tree.query(x[:1])[0][0, 0] == 0",
        ),
        (
            "g.add_edge(3, 1); w.append(2); d.remove_node(2)",
            "nx.shortest_path(g, 1, 3) == [1, 3] and g.nodes[1]['w'] is w and w == [1, 2] and list(d) == [1] and g.degree[3] == 2",
            "tree x",
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_libraries(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])


LOOKED_AT = {
    "arrow": (
        "import pyarrow as pa; a = pa.array([1, None, 3])[1:]; t = pa.table({'a': [1, None], 'b': ['x', None]}).slice(1)",
        "a.null_count, t.to_pandas(), t.nbytes, t['b'].null_count, repr(t), t.validate(full=True), t.sort_by('a')",
    ),
    "polars": (
        "import polars as pl; df = pl.DataFrame({'a': [1, 2, 3], 'b': ['x', None, 'z']}); s = df['a']; lf = df.lazy()",
        "df.describe(), s.is_sorted(), s.min(), df.sort('a'), df.group_by('b').len(), lf.collect(), lf.explain(), lf.collect_schema(), df.n_unique(), repr(df), s.n_unique(), df.hash_rows()",
    ),
    "search trees": (
        "import numpy as np; from sklearn.neighbors import KDTree, BallTree, KNeighborsClassifier; x = np.arange(200.).reshape(100, 2); k = KDTree(x); b = BallTree(x); n = KNeighborsClassifier().fit(x, x[:, 0] > 50)",
        "k.query(x), b.query(x), n.predict(x)",
    ),
    "graphs": (
        "import networkx as nx; g = nx.path_graph(4); d = nx.DiGraph(g); m = nx.MultiGraph(g)",
        "g.nodes, g.edges, g.adj, g.degree, d.pred, d.in_edges, d.out_degree, m.edges, nx.shortest_path(g, 0, 2), nx.pagerank(d), repr(g)",
    ),
    "sparse": (
        "import numpy as np, scipy.sparse as sp; m = sp.csr_array(np.eye(3)); c = sp.csc_matrix(np.eye(3)); b = sp.bsr_array(np.eye(4))",
        "m.has_sorted_indices, c.has_canonical_format, m + m, c @ c, m.sum(), repr(m), m.max(), b.has_canonical_format, m != m, m[1]",
    ),
}


@pytest.mark.parametrize("name", LOOKED_AT)
def test_looking_changes_nothing(name: str, kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    made, looked = LOOKED_AT[name]
    kernel.cell(made)
    kernel.cell(looked + "; None")
    kernel.cell(looked + "; None")
    assert [entry["changed"] for entry in kernel.checkpoints()[-2:]] == [[], []]


def _stored(notebook: Path) -> int:
    return sum(file.stat().st_size for file in notebook.parent.rglob("*.pack"))


def test_little_is_stored_of_a_slice_and_of_a_changed_column(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("import pyarrow as pa, polars as pl, numpy as np; rng = np.random.default_rng(1)")
    kernel.cell(
        "t = pa.table({'a': rng.random(400_000)}).slice(5, 10); assert t.get_total_buffer_size() > 3_000_000"
    )
    kernel.do("s.flush()")
    before = _stored(notebook)
    assert before < 300_000
    kernel.cell("df = pl.DataFrame({'a': rng.random(200_000), 'b': rng.random(200_000)})")
    kernel.do("s.flush()")
    assert _stored(notebook) - before > 3_000_000
    before = _stored(notebook)
    kernel.cell("df = df.with_columns(c=1)")
    kernel.do("s.flush()")
    assert _stored(notebook) - before < 300_000


def test_a_query_with_functions_of_the_notebook_is_named(kernel: Kernel, notebook: Path) -> None:
    """polars stores them with copies of what they refer to."""
    session_of(kernel, notebook)
    kernel.cell(
        "import polars as pl; k = 1; lf = pl.LazyFrame({'a': [1]}).map_batches(lambda frame: frame * k)"
    )
    kernel.cell("del lf")
    failure = kernel.serve("undo", replay=False)["failure"]
    assert failure["code"] == "NOT_RESTORABLE"
    assert "functions of Python" in failure["message"]
