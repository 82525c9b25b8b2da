"""numpy: values, flags, memory that arrays share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    "views": cells(
        (
            """
            import numpy as np
            sh = np.shares_memory
            a = np.arange(12).reshape(3, 4); t = a.T; r = a[::-1]; s = a[:, ::2]; f = a.ravel()
            c = a.copy(); d = a.diagonal(); e = a[1:1]
            """,
            "sh(a, t) and sh(a, s) and sh(f, r) and sh(a, d) and not sh(a, c)",
        ),
        (
            "a[0, 0] = 99",
            "f[0] == 99 and t[0, 0] == 99 and r[2, 0] == 99 and s[0, 0] == 99 and c[0, 0] == 0 and d[0] == 99 and sh(r, s)",
            "c",
        ),
        ("s[1, 1] = -1", "a[1, 2] == -1 and t[2, 1] == -1 and f[6] == -1", "c"),
        Cell("del a", "f[0] == 99 and sh(f, t) and r[1, 2] == -1", "c", gone="a"),
        ("f += 1", "t[0, 0] == 100 and s[0, 0] == 100 and c[0, 0] == 0", "c"),
    ),
    "views of views, reshapes and types": cells(
        (
            """
            import numpy as np
            sh = np.shares_memory
            b = np.zeros(64, np.uint8); i = b.view('<i4'); m = i.reshape(4, 4); p = m[1:3, 1:3]; q = p[0]
            """,
            "sh(b, q) and m.base is b",
        ),
        ("q[0] = 257", "b[20] == 1 and b[21] == 1 and p[0, 0] == 257 and sh(b, p)"),
        ("b[:] = 0", "not m.any() and q[0] == 0 and sh(i, q)"),
    ),
    "halves of an array that has no name": cells(
        (
            """
            import numpy as np
            x, y = np.split(np.arange(10.), 2); z = np.arange(10.)[2:5]
            """,
            "x.base is y.base",
        ),
        ("x.base[5] = 50", "y[0] == 50 and x.base is y.base", "z"),
    ),
    "order and layout": cells(
        (
            """
            import numpy as np
            a = np.asfortranarray(np.arange(6.).reshape(2, 3)); v = a[:, 1:]; w = a.T; n = np.arange(5)[::-1].copy()
            """,
            "a.flags.f_contiguous and not a.flags.c_contiguous and np.shares_memory(a, v) and w.flags.c_contiguous",
        ),
        (
            "v[0, 0] = 9",
            "a[0, 1] == 9 and w[1, 0] == 9 and np.shares_memory(a, v) and a.flags.f_contiguous",
            "n",
        ),
    ),
    "element types": cells(
        (
            """
            import numpy as np
            z = np.array(5.0); e = np.empty((0, 3)); h = np.float16([1]); u = np.array(['a', 'bcd']); b = np.array([b'x'])
            be = np.arange(3, dtype='>i4'); c = np.array([1j]); bo = np.array([True]); sc = np.float64(2.5); dt = np.dtype('f8'); ld = np.longdouble([1])
            st = np.zeros(2, dtype=[('a', 'i4'), ('b', 'f8', (2,))]); v = st['a']; vo = np.void(b'abc')
            da = np.array(['2020-01-01', 'NaT'], 'M8[D]'); td = np.array([1], 'm8[s]'); dv = da[1:]
            """,
            "np.shares_memory(st, v) and z.shape == () and e.shape == (0, 3) and np.shares_memory(da, dv)",
        ),
        (
            "v[0] = 7; z[...] = 6; u[0] = 'zz'; be[0] = 1; dv[0] = '2021-01-01'; bo[0] = False; st['b'][1] = 3",
            (
                "st['a'][0] == 7 and z == 6 and u.tolist() == ['zz', 'bcd'] and be.dtype.str == '>i4' and be[0] == 1 and type(sc) is np.float64"
                " and str(da[1]) == '2021-01-01' and st['b'][1].tolist() == [3, 3] and np.shares_memory(st, v) and dt is np.dtype('f8')"
            ),
            "e h b c sc td",
        ),
    ),
    "arrays of one structured type": cells(
        "import numpy as np; a = np.zeros(2, dtype=[('p', 'i4'), ('q', 'f8')])",
        ("b = a.copy()", "b.dtype == a.dtype and not np.shares_memory(a, b)", "a"),
        ("b['p'] = 7", "b['p'].tolist() == [7, 7] and a['p'].tolist() == [0, 0]", "a"),
        ("i = a[1]", "np.shares_memory(i.base, a)", "b"),
        ("i['p'] = 3", "a['p'].tolist() == [0, 3] and np.shares_memory(a, i.base)", "b"),
    ),
    "arrays of objects": cells(
        (
            """
            import numpy as np
            l = [1]; a = np.array([l, None, 'x'], dtype=object); v = a[:1]; b = np.array([[l, {}], [(), 2]], dtype=object)
            """,
            "a[0] is l and b[0, 0] is l and np.shares_memory(a, v)",
        ),
        ("v[0].append(2)", "l == [1, 2] and a[0] is l and b[0, 0] is l and np.shares_memory(a, v)"),
        ("v[0] = 'new'", "a[0] == 'new' and b[0, 0] is l"),
        ("a[1] = a", "a[1] is a and l == [1, 2]"),
    ),
    "writeable or not": cells(
        (
            """
            import numpy as np
            a = np.arange(5); v = a[1:]; a.flags.writeable = False; r = np.arange(3); r.flags.writeable = False
            f = np.frombuffer(b'abcd', np.uint8)
            """,
            "v.flags.writeable and not a.flags.writeable and np.shares_memory(a, v) and not r.flags.writeable and not f.flags.writeable",
        ),
        (
            "v[0] = 9",
            "a[1] == 9 and v.flags.writeable and not a.flags.writeable and np.shares_memory(a, v)",
            "r f",
        ),
        ("r.flags.writeable = True", "r.flags.writeable", "f"),
        ("r[0] = 1", "r[0] == 1", "a v f"),
    ),
    "resizing": cells(
        (
            """
            import numpy as np
            a = np.zeros(3); l = [1]
            """,
            "a.size == 3 and a.base is None",
        ),
        ("a.resize(5)", "a.size == 5", "l"),
        ("a.resize(70000); a[-1] = 1", "a.size == 70000 and a[-1] == 1", "l"),
        ("b = bytearray(b'x' * 100_000); b.append(1)", "len(b) == 100_001", "a"),
        ("b.extend(b'yy'); b[0] = 0", "len(b) == 100_003 and b[0] == 0", "a"),
    ),
    "memory of other objects": cells(
        (
            """
            import numpy as np, array
            b = bytearray(8); a = np.frombuffer(b, np.int32); ar = array.array('d', [1, 2]); an = np.asarray(ar)
            m = memoryview(b)[4:]; am = np.asarray(m); o = np.arange(4); mo = memoryview(o); mp = mo[1:3]; part = an[1:]
            frozen = np.frombuffer(b, np.uint8); frozen.flags.writeable = False
            """,
            "a.size == 2 and an[1] == 2 and am.size == 4 and mo[1] == 1 and not frozen.flags.writeable",
        ),
        (
            "b[0] = 1",
            "a[0] == 1 and np.shares_memory(a, frozen) and not frozen.flags.writeable",
            "ar an o mo mp part",
        ),
        ("a[1] = 2", "b[4] == 2 == m[0] == am[0]", "ar an o mo mp part"),
        ("am[1] = 3", "b[5] == 3 and np.shares_memory(am, a)", "ar an o mo mp part"),
        ("ar[1] = 5", "an[1] == 5 == part[0]", "a b m am o mo mp"),
        ("part[0] = 6", "an[1] == 6 == ar[1]", "a b m am o mo mp"),
        ("o[1] = 9", "mo[1] == 9 == mp[0] and mo.format == mp.format == 'l'", "a b m am ar an"),
        ("mp[1] = 8", "o[2] == 8 == mo[2]", "a b m am ar an"),
    ),
    "memory of other objects through np.frombuffer": cells(
        (
            """
            import numpy as np, array
            b = bytearray(8); a = np.frombuffer(b, np.int32); ar = array.array('d', [1, 2]); an = np.asarray(ar)
            """,
            "a.size == 2 and an[1] == 2",
        ),
        ("b[0] = 1", "a[0] == 1 and np.shares_memory(a, np.frombuffer(b, np.uint8))"),
        ("a[1] = 2", "b[4] == 2"),
        ("an[0] = 7", "ar[0] == 7 and np.shares_memory(an, np.frombuffer(ar))"),
        ("c = a[1:]; c.flags.writeable = False", "not c.flags.writeable and np.shares_memory(a, c)", "ar"),
    ),
    "other orders of axes": cells(
        (
            """
            import numpy as np
            k = np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2) + 1; v = k[0]; o = k.astype(object)
            """,
            "k.base is None and k.strides == (32, 96, 8) and o.strides == (32, 96, 8) and v.base is k",
        ),
        ("k[0, 1, 2] = -1", "v[1, 2] == -1 and k.strides == (32, 96, 8) and k.base is None", "o"),
        ("o[2, 0, 1] = [1]", "o[2, 0, 1] == [1] and o.strides == (32, 96, 8) and o[0, 1, 2] == 15", "k v"),
    ),
    "structured arrays and their rows": cells(
        (
            """
            import numpy as np
            s = np.zeros(3, dtype=[('a', 'i4'), ('b', 'f8')]); row = s[1]; field = s['b']; two = s[['a']]
            r = s.view(np.recarray); first = r[0]; own = np.array((1, 2.), s.dtype)[()]; same = [own]
            """,
            "type(row) is np.void and type(first) is np.record and same[0] is own",
        ),
        (
            "row['a'] = 5; field[1] = .5",
            "s[1].tolist() == (5, .5) and r.a[1] == 5 and two['a'][1] == 5 and row.tolist() == (5, .5)",
            "own same",
        ),
        ("first.b = 7", "s['b'][0] == 7 == field[0] == r.b[0] and np.shares_memory(s, r)", "own same"),
        ("own['a'] = 3", "same[0] is own and own['a'] == 3", "s row field r first"),
        ("s[1] = (8, 9)", "row['a'] == 8 and row['b'] == 9", "own same"),
    ),
    "masked arrays": cells(
        (
            """
            import numpy as np
            a = np.ma.array([1., 2., 3.], mask=[0, 1, 0]); view = a[1:]; hard = np.ma.array([1, 2], mask=[1, 0], hard_mask=True)
            plain = np.ma.array([1, 2]); filled = np.ma.array([1, 2]); filled.fill_value = 7; one = np.ma.masked
            """,
            "view.mask[0] and a.fill_value == 1e20 and filled.fill_value == 7 and hard.hardmask and plain.mask is np.ma.nomask",
        ),
        (
            "repr(a); repr(plain); plain.fill_value; hard.sum()",
            "plain.mask is np.ma.nomask",
            "a view plain hard filled",
        ),
        (
            "a[0] = 5; view[1] = 6",
            "a.tolist() == [5, None, 6] and view.tolist() == [None, 6]",
            "plain hard filled",
        ),
        (
            "a[2] = np.ma.masked; hard[0] = 9",
            "a.tolist() == [5, None, None] and hard.mask[0] and one is np.ma.masked",
            "plain filled",
        ),
        ("filled.fill_value = 8", "filled.fill_value == 8 and a.fill_value == 1e20", "a view plain hard"),
        ("hard.soften_mask(); plain.harden_mask()", "not hard.hardmask and plain.hardmask", "a view filled"),
        ("a.note = [1]; view.unshare_mask()", "a.note == [1]", "hard plain filled"),
        ("view[0] = 4", "view.tolist() == [4, None] and a.tolist()[1:] == [None, None]", "hard plain"),
    ),
    "text, times and dtypes with names": cells(
        (
            """
            import numpy as np
            t = np.array(['a', 'long text ' * 9], dtype=np.dtypes.StringDType(na_object=None)); v = t[1:]
            m = np.array(['2020-01-01', 'NaT'], 'M8[D]'); d = m[1:] - m[:1]; z = np.dtype('i4', metadata={'k': 1}); y = np.zeros(2, z)
            al = np.zeros(2, np.dtype([('a', 'i1'), ('b', 'f8')], align=True)); titled = np.zeros(1, [(('title', 'n'), 'i4')])
            """,
            "t[0] == 'a' and np.isnat(m[1]) and al.itemsize == 32 // al.size and titled['title'][0] == 0 and y.dtype.metadata",
        ),
        (
            "v[0] = 'short'; t[0] = None",
            "t.tolist() == [None, 'short'] and t.dtype.na_object is None",
            "m d y al titled",
        ),
        ("m[1] = '2021'", "str(m[1]) == '2021-01-01' and np.isnat(d[0])", "t v y al titled"),
        ("titled['title'] = 4; al['b'] = 1", "titled['n'][0] == 4 and al.dtype.isalignedstruct", "t v m d y"),
    ),
    "subclasses of the notebook": cells(
        (
            """
            import numpy as np
            made = []
            class U(np.ndarray):
                def __new__(cls, values, unit):
                    made = np.asarray(values).view(cls); made.unit = unit; return made
                def __array_finalize__(self, other):
                    made.append(1); self.unit = getattr(other, 'unit', None)
            u = U([1, 2, 3], ['m']); w = u[1:]; a = np.arange(3); o = U(a, 's')
            """,
            "w.unit is u.unit and type(w) is U and np.shares_memory(a, o) and len(made) == 3",
        ),
        ("w[0] = 9", "u[1] == 9 and w.unit is u.unit and len(made) == 3", "a o"),
        ("u.unit.append('x')", "w.unit == ['m', 'x'] and type(u) is U and len(made) == 3", "a o"),
        ("a[0] = 5", "o[0] == 5 and o.unit == 's'", "u w"),
    ),
    "subclasses": cells(
        (
            """
            import numpy as np
            rec = np.rec.array([(1, 2.)], dtype=[('a', 'i4'), ('b', 'f8')]); ma = np.ma.array([1, 2], mask=[0, 1])
            mat = np.matrix([[1, 2]])
            class T(np.ndarray): pass
            t = np.arange(3).view(T); t.unit = 'm'
            """,
            "rec.a[0] == 1 and ma.mask[1] and type(t) is T",
        ),
        (
            "rec.a[0] = 9; ma[0] = 5; mat[0, 0] = 7; t[0] = 8",
            "rec.a[0] == 9 and ma.mask[1] and ma[0] == 5 and type(mat) is np.matrix and mat[0, 0] == 7 and t[0] == 8 and type(t) is T",
        ),
    ),
    "subclasses over the memory of an array": cells(
        (
            """
            import numpy as np
            a = np.arange(6.); m = np.matrix(a.reshape(2, 3), copy=False); k = np.ma.array(a, copy=False)
            """,
            "np.shares_memory(a, m) and np.shares_memory(a, k)",
        ),
        ("a[0] = 5", "m[0, 0] == 5 and k[0] == 5 and np.shares_memory(a, m) and np.shares_memory(a, k)"),
    ),
    "windows and broadcasts": cells(
        (
            """
            import numpy as np
            a = np.arange(6.); b = np.broadcast_to(a, (2, 6)); w = np.lib.stride_tricks.sliding_window_view(a, 3)
            """,
            "np.shares_memory(a, b) and np.shares_memory(a, w) and b.shape == (2, 6)",
        ),
        ("a[0] = 5", "b[1, 0] == 5 and w[0, 0] == 5 and np.shares_memory(a, b) and np.shares_memory(a, w)"),
    ),
    "a change deep in a large array": cells(
        (
            """
            import numpy as np
            a = np.arange(1_000_000.); v = a[500_000:]; l = [a, v]; o = np.ones(300_000)
            """,
            "l[0] is a",
        ),
        ("v[3] = -1", "a[500_003] == -1 and l[1] is v and np.shares_memory(a, l[1])", "o"),
        ("a *= 2", "v[0] == 1_000_000 and v[3] == -2", "o"),
        ("l.append(o)", "l[2] is o and v[3] == -2"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_arrays(name: str, kernel: Kernel, other: Kernel, notebook: Path) -> None:
    play(kernel, other, notebook, CASES[name])


def test_arrays_over_files_are_mapped_again(kernel: Kernel, other: Kernel, notebook: Path) -> None:
    """Never copies in memory that seem to be the file, and never a change of the file."""
    file = notebook.with_name("data.bin")
    session_of(kernel, notebook)
    kernel.cell(f"import numpy as np\npath = {str(file)!r}\nnp.arange(6, dtype='f4').tofile(path)")
    kernel.cell(
        "r = np.memmap(path, 'f4', 'r', 8, (2, 2)); c = np.memmap(path, 'f4', 'c', order='F', shape=(3, 2))\n"
        "v = c[1:]; p = np.asarray(r)[1]"
    )
    first = kernel.session("s.head")
    kernel.cell("v[0, 0] = 9; x = np.memmap(path, 'f4', 'r+')[2:4]")
    second = kernel.session("s.head")
    looks = [
        "[str(a.filename) == path for a in (r, c, v)]",
        "[r.mode, c.mode, v.mode, r.offset]",
        "[a._mmap is not None for a in (r, c, v)]",
        "float(c[1, 0])",
        "[np.shares_memory(c, v), np.shares_memory(r, p), r.flags.writeable, p.tolist()]",
        "np.fromfile(path, 'f4').tolist()",
    ]
    wanted = [[True] * 3, ["r", "c", "c", 8], [True] * 3, 9, [True, True, False, [4, 5]], [0, 1, 2, 3, 4, 5]]
    assert kernel.values(looks) == wanted
    kernel.do(f"s.restore({first!r})")
    assert kernel.values(looks) == [*wanted[:3], 1, *wanted[4:]]
    session_of(other, notebook)
    other.do(f"s.restore({second!r})")
    assert other.values(looks) == wanted
    assert other.values(["x.tolist()", "x.mode", "x.filename == path"]) == [[2, 3], "r+", True]
    other.cell("x[0] = 7; x.flush()")
    assert other.value("float(np.fromfile(path, 'f4')[2])") == 7
    failure = other.serve("undo")["failure"]
    assert failure is None or failure["code"] in {"LOAD_FAILED", "NOT_RESTORABLE"}
    assert other.value("float(np.fromfile(path, 'f4')[2])") == 7, "a restore changes no files"


def test_a_file_that_is_gone_or_changed_is_named(kernel: Kernel, notebook: Path) -> None:
    file = notebook.with_name("data.bin")
    session_of(kernel, notebook)
    kernel.cell(f"import numpy as np\npath = {str(file)!r}\nnp.arange(6, dtype='f4').tofile(path)")
    for mode in ("r", "r+", "c"):
        kernel.cell(f"m = np.memmap(path, 'f4', {mode!r})")
        head = kernel.session("s.head")
        kernel.cell("m = None; import os; os.rename(path, path + '.old')")
        refused = kernel.serve("restore", ref=head)["failure"]
        assert refused["code"] == "LOAD_FAILED"
        assert str(file) in refused["message"]
        assert kernel.values(["m", "os.path.exists(path)"]) == [None, False]
        if mode != "c":
            kernel.cell("np.zeros(6, 'f4').tofile(path)")
            refused = kernel.serve("restore", ref=head)["failure"]
            assert str(file) in refused["message"]
            assert kernel.values(["m", "np.fromfile(path, 'f4').tolist()"]) == [None, [0] * 6]
            kernel.cell("np.zeros(2, 'f4').tofile(path)")
            assert str(file) in kernel.serve("restore", ref=head)["failure"]["message"]
            assert kernel.value("os.path.getsize(path)") == 8
        kernel.cell("os.rename(path + '.old', path)")
        assert kernel.serve("restore", ref=head)["failure"] is None
        assert kernel.values(["m.tolist()", "m.mode"]) == [[0, 1, 2, 3, 4, 5], mode]


def test_an_array_is_changed_back_in_place(kernel: Kernel, notebook: Path) -> None:
    """Its object and all views of it stay, also when the memory is read-only through one of them."""
    session_of(kernel, notebook)
    kernel.cell("import numpy as np; a = np.arange(300_000.); v = a[5:]; s = [v, a]; o = np.zeros(3)")
    kernel.cell("a[7] = -1; a[299_999] = -2; np.random.rand()")
    before = kernel.values(["id(a)", "id(v)", "id(s)", "id(o)"])
    kernel.do("s.undo()")
    assert kernel.values(["a[7]", "v[2]", "a[299_999]", "s[0] is v and s[1] is a"]) == [7, 7, 299_999, True]
    kernel.do("s.redo()")
    assert kernel.values(["a[7]", "v[2]", "a[299_999]", "bool((a[8:100] == np.arange(8, 100)).all())"]) == [
        -1,
        -1,
        -2,
        True,
    ]
    assert kernel.values(["id(a)", "id(v)", "id(s)", "id(o)"]) == before


def test_frames_that_share_memory_are_not_changed_in_place(kernel: Kernel, notebook: Path) -> None:
    session_of(kernel, notebook)
    kernel.cell("import pandas as pd; df = pd.DataFrame({'a': [1, 2, 3]}); column = df['a']")
    kernel.cell("df.loc[0, 'a'] = 9")
    kernel.cell("other = df['a']")
    kernel.do("s.undo()")
    kernel.do("s.undo()")
    assert kernel.values(["df['a'].tolist()", "column.tolist()"]) == [[1, 2, 3], [1, 2, 3]]
    kernel.do("s.redo()")
    assert kernel.values(["df['a'].tolist()", "column.tolist()"]) == [[9, 2, 3], [1, 2, 3]]
