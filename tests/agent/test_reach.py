"""Ways in which a cell changes what it has no name for, each seen at once, also when only what a cell reaches is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kernel import session_of
from miniature import Cell, cells, play

if TYPE_CHECKING:
    from pathlib import Path

    from kernel import Kernel

CASES: dict[str, tuple[Cell, ...]] = {
    # Functions and what they refer to
    "global statement through calls": cells(
        """
        keep = [1]; total = 0; items = []
        def inner(value):
            global total
            total += value
            items.append(value)
        def outer(value): inner(value)
        """,
        ("outer(2)", "total == 2 and items == [2]", "keep"),
        ("table = {'call': outer}", "items == [2]", "keep items"),
        ("table['call'](3)", "total == 5 and items == [2, 3]", "keep"),
        (
            """
            class Body:
                outer(4)
            """,
            "total == 9 and items == [2, 3, 4]",
            "keep",
        ),
        ("_ = [outer(n) for n in range(2)]", "items == [2, 3, 4, 0, 1]", "keep"),
        ("(lambda: outer(5))()", "items[-1] == 5", "keep"),
    ),
    "closures and nonlocal": cells(
        """
        def counter():
            n, seen = 0, []
            def step():
                nonlocal n
                n += 1
                seen.append(n)
                return n
            def state(): return n, seen
            return step, state
        step, state = counter()
        unrelated, other = counter()
        """,
        ("step()", "state() == (1, [1]) and other() == (0, [])", "other"),
        ("again = step", "state() == (1, [1])", "other"),
        ("again()", "state() == (2, [1, 2])", "other"),
        ("del step, again", "state() == (2, [1, 2])", "other"),
        ("state()[1].append(9)", "state() == (2, [1, 2, 9])", "other"),
    ),
    "default arguments": cells(
        """
        def f(x, into=[]):
            into.append(x)
            return into
        def g(*, table={}): table['n'] = len(table)
        """,
        ("f(1)", "f.__defaults__ == ([1],)"),
        ("kept = f(2)", "f.__defaults__[0] is kept and kept == [1, 2]"),
        ("kept.append(3)", "f.__defaults__[0] is kept and kept == [1, 2, 3]"),
        ("g()", "g.__kwdefaults__ == {'table': {'n': 0}}", "kept"),
        ("f.__defaults__ = ([9],); f.note = [1]", "f.__defaults__ == ([9],) and f.note == [1]"),
    ),
    "decorators that register": cells(
        """
        registry = {}
        def register(name):
            def decorate(function):
                registry[name] = function
                return function
            return decorate
        """,
        (
            """
            @register('double')
            def double(x): return 2 * x
            """,
            "registry['double'] is double and double(2) == 4",
        ),
        ("registry['double'].calls = 1", "double.calls == 1"),
        (
            """
            @register('K')
            class K:
                made = []
                def __init__(self): self.made.append(1)
            """,
            "registry['K'] is K",
        ),
        ("registry['K']()", "K.made == [1]"),
    ),
    "caches of functions": cells(
        """
        import functools
        @functools.lru_cache
        def made(key): return [key]
        first = made(1); apart = [0]
        """,
        ("made(1).append(2)", "first == [1, 2]", "apart"),
        ("first.append(3)", "first == [1, 2, 3]", "apart"),
    ),
    # Classes and instances
    "class attributes and methods": cells(
        """
        class K:
            items = []
            count = 0
            def add(self, value):
                self.items.append(value)
                type(self).count += 1
        class L(K): pass
        k, l, keep = K(), L(), [1]
        """,
        ("k.add(1)", "K.items == [1] and K.count == 1", "keep"),
        ("l.add(2)", "K.items == [1, 2] and (K.count, L.count) == (1, 2)", "keep"),
        ("go = l.add; go(3)", "L.items == [1, 2, 3] and L.count == 3", "keep"),
        ("k.__class__.extra = K.items; del L.count", "L().extra is K.items and L.count == 1", "keep"),
        ("setattr(type(l), 'items', [0])", "L.items == [0] and K.items == [1, 2, 3]", "keep"),
        ("K.add = lambda self, value: None; l.add(9)", "L.items == [0] and k.add(5) is None", "keep"),
    ),
    "methods that use globals": cells(
        """
        log = []; keep = [1]
        class A:
            def go(self): log.append('A')
        class B(A):
            def go(self):
                super().go()
                log.append('B')
        a, b = A(), B(); held = {'inside': [b]}
        """,
        ("a.go()", "log == ['A']", "keep a b"),
        ("b.go()", "log == ['A', 'A', 'B']", "keep a b"),
        ("held['inside'][0].go()", "len(log) == 5", "keep a b"),
        ("for each in held['inside']: each.go()", "len(log) == 7", "keep a b"),
    ),
    "properties, descriptors and attribute hooks": cells(
        """
        log = []; keep = [1]
        class Descriptor:
            def __get__(self, instance, owner): log.append('get'); return 1
            def __set__(self, instance, value): log.append(value)
        class P:
            d = Descriptor()
            @property
            def v(self): log.append('v'); return 2
            def __getattr__(self, name): log.append(name); raise AttributeError(name)
        class Q:
            def __setattr__(self, name, value): log.append((name, value))
            def __delattr__(self, name): log.append(name)
        p, q = P(), Q()
        """,
        ("p.v", "log == ['v']", "keep"),
        ("p.d; p.d = 5", "log == ['v', 'get', 5]", "keep"),
        ("hasattr(p, 'absent')", "log[-1] == 'absent'", "keep"),
        ("q.x = 1; del q.x", "log[-2:] == [('x', 1), 'x']", "keep"),
        ("getattr(p, 'v' * 1)", "log[-1] == 'v'", "keep"),
    ),
    "operators that change": cells(
        """
        log = []; keep = [1]
        class Op:
            def __init__(self): self.n = 0
            def __add__(self, other): self.n += 1; return self
            def __radd__(self, other): log.append('radd'); return self
            def __iadd__(self, other): self.n += 10; return self
            def __eq__(self, other): log.append('eq'); return True
            __hash__ = None
            def __bool__(self): log.append('bool'); return True
            def __len__(self): log.append('len'); return 1
            def __iter__(self): log.append('iter'); return iter('ab')
            def __call__(self): log.append('call')
            def __contains__(self, item): log.append('in'); return True
            def __getitem__(self, key): log.append(key); return key
            def __format__(self, spec): log.append('format'); return ''
        op = Op()
        """,
        ("op + 1; 1 + op", "op.n == 1 and log == ['radd']", "keep"),
        ("op += 1", "op.n == 11", "keep"),
        ("op == 1", "log[-1] == 'eq'", "keep"),
        ("if op: pass", "log[-1] == 'bool'", "keep"),
        ("x, y = op", "log[-1] == 'iter'", "keep"),
        ("op(); 1 in op; op[5]; f'{op}'", "log[-4:] == ['call', 'in', 5, 'format']", "keep"),
        (
            """
            match op:
                case 5: pass
            """,
            "log[-1] == 'eq'",
            "keep",
        ),
    ),
    "what is shown of a value": cells(
        """
        log = []; keep = [1]
        class Shown:
            def __repr__(self): log.append('repr'); return 'Shown'
            def __str__(self): log.append('str'); return 'Shown'
        shown = Shown(); box = [shown]
        """,
        ("print(shown)", "log == ['str']", "keep"),
        ("box", "log == ['str', 'repr']", "keep"),
        ("'%r' % (box,)", "log[-1] == 'repr' and len(log) == 3", "keep"),
    ),
    "context managers": cells(
        """
        import contextlib
        log = []; keep = [1]
        class Manager:
            def __enter__(self): log.append('in'); return log
            def __exit__(self, *error): log.append('out'); return True
        @contextlib.contextmanager
        def managed():
            log.append('before')
            try: yield log
            finally: log.append('after')
        m = Manager()
        """,
        ("with m as entered: raise ValueError", "log == ['in', 'out'] and entered is log", "keep"),
        ("with managed() as entered: entered.append('mid')", "log[2:] == ['before', 'mid', 'after']", "keep"),
        (
            """
            try:
                with contextlib.ExitStack() as stack: stack.callback(log.append, 'callback')
            finally: log.append('finally')
            del stack
            """,
            "log[-2:] == ['callback', 'finally']",
            "keep",
        ),
    ),
    "objects that end": cells(
        """
        log = []; keep = [1]
        class Ends:
            def __init__(self, name): self.name = name
            def __del__(self): log.append(self.name)
        a, b, c = Ends('a'), Ends('b'), [Ends('c')]
        """,
        ("del a", "log == ['a']", "keep"),
        ("b = None", "log == ['a', 'b']", "keep"),
        ("c.clear()", "log == ['a', 'b', 'c']", "keep"),
    ),
    "finalizers": cells(
        """
        import weakref
        log = []
        class Thing: pass
        thing = Thing(); pair = [Thing()]
        def ended(name): log.append(name)
        """,
        Cell("weakref.finalize(thing, ended, 'thing'); weakref.finalize(pair[0], log.append, 'pair')"),
        Cell("del thing", "log == ['thing']"),
        Cell("del pair[0]", "log == ['thing', 'pair']"),
    ),
    # Callables that hold what they change
    "partials and bound methods": cells(
        """
        from functools import partial, reduce
        l = []; d = {}; keep = [1]
        def put(target, value): target.append(value)
        ap = l.append; p = partial(put, l); q = partial(list.append, l); up = d.update
        """,
        ("ap(1)", "l == [1]", "keep d"),
        ("p(2); q(3)", "l == [1, 2, 3]", "keep d"),
        ("up(k=l)", "d['k'] is l", "keep"),
        ("run = [ap]; run[0](4)", "d['k'] == [1, 2, 3, 4]", "keep"),
        ("del l, d, p, q", "ap.__self__ == [1, 2, 3, 4] and up.__self__['k'] is ap.__self__", "keep"),
        ("run[0](5)", "ap.__self__[-1] == 5", "keep"),
    ),
    "callbacks given to functions of C": cells(
        """
        import functools, operator
        seen = []; keep = [1]; rows = [[3], [1]]
        def key(row): seen.append(row[0]); return row[0]
        def both(a, b): seen.append('both'); return a
        """,
        ("sorted(rows, key=key)", "seen == [3, 1]", "keep rows"),
        ("list(map(key, rows)); max(rows, key=key)", "len(seen) == 6", "keep rows"),
        ("functools.reduce(both, rows)", "seen[-1] == 'both'", "keep rows"),
        ("rows.sort(key=key)", "rows == [[1], [3]]", "keep"),
        ("list(filter(None, map(operator.methodcaller('append', 0), rows)))", "rows == [[1, 0], [3, 0]]", "keep"),
        ("import re; text = re.sub('.', lambda found: seen.append(found[0]) or '', 'xy')", "seen[-1] == 'y'", "keep"),
    ),
    "callbacks in objects of a library": cells(
        """
        import numpy as np, pandas as pd
        from sklearn.preprocessing import FunctionTransformer
        seen = []; keep = [1]
        def note(values): seen.append(len(values)); return values
        transformer = FunctionTransformer(note)
        """,
        ("transformer.transform([[1]]); x = 1", "seen == [1]", "keep"),
        ("np.apply_along_axis(note, 0, np.zeros(3)); y = 1", "seen[-1] == 3", "keep"),
        ("pd.DataFrame({'a': [1, 2]}).apply(note); z = 1", "seen[-1] == 2", "keep"),
    ),
    "callbacks that a library keeps": cells(
        """
        import logging, numpy as np
        seen = []; keep = [1]; zero = np.zeros(1)
        class Handler(logging.Handler):
            def emit(self, record): seen.append(record.getMessage())
        log = logging.getLogger('a test'); log.propagate = False
        log.handlers[:] = [Handler()]
        """,
        ("log.warning('first')", "seen == ['first']", "keep"),
        ("logging.getLogger('a test').error('second')", "seen[-1] == 'second'", "keep"),
        (
            """
            def erred(kind, flag): seen.append('numpy')
            old = np.seterrcall(erred), np.seterr(all='call')
            """,
            "len(seen) == 2",
            "keep",
        ),
        ("zero / 0", "seen[-1] == 'numpy'", "keep"),
        ("np.seterrcall(None); np.seterr(**old[1]); log.handlers.clear()", "len(seen) == 3", "keep"),
    ),
    "library classes that are changed": cells(
        """
        import pandas as pd
        calls = []; keep = [1]; frame = pd.DataFrame({'a': [1]})
        def total(self): calls.append('total'); return 1
        pd.DataFrame.total = total; setattr(pd.Series, 'note', lambda self: calls.append('note'))
        series = frame['a']
        """,
        ("frame.total()", "calls == ['total']", "keep"),
        ("series.note()", "calls[-1] == 'note'", "keep"),
        ("del pd.DataFrame.total, pd.Series.note", "len(calls) == 2", "keep"),
    ),
    "built-in functions that are replaced": cells(
        """
        calls = []; keep = [1]
        def note(*values): calls.append(len(values))
        __builtins__.note_for_test = note
        """,
        ("note_for_test(1, 2)", "calls == [2]", "keep"),
        ("import builtins; builtins.note_for_test(1)", "calls == [2, 1]", "keep"),
        ("del builtins.note_for_test", "calls == [2, 1]", "keep"),
    ),
    "events of IPython": cells(
        """
        calls = []; keep = [1]
        def note(*_): calls.append(1)
        get_ipython().events.register('pre_execute', note)
        """,
        Cell("x = 1", "calls == [1]"),
        Cell("y = 1", "calls == [1, 1]"),
        Cell("get_ipython().events.unregister('pre_execute', note)", "len(calls) == 3"),
    ),
    # The person's own modules
    "a module of one's own": cells(
        """
        from pathlib import Path
        Path('own_module.py').write_text('''
        items = []
        value = 1
        def add(x): items.append(x)
        class Adder:
            def go(self): items.append(self)
        '''.replace('\\n        ', '\\n'))
        import sys; sys.modules.pop('own_module', None); sys.path.insert(0, '.')
        from own_module import *
        keep = [1]
        """,
        ("add(1)", "items == [1]", "keep"),
        ("calls = {'k': add}", "items == [1]", "keep items"),
        ("calls['k'](2)", "items == [1, 2]", "keep"),
        ("adder = Adder(); adder.go()", "items[-1] is adder", "keep"),
        ("import own_module as mod; mod.items.append(3)", "items[-1] == 3", "keep"),
    ),
    # Magics
    "magics that run code": cells(
        """
        from pathlib import Path
        Path('run_me.py').write_text('made = [1]\\ntry: shared.append(2)\\nexcept NameError: pass\\n')
        shared = [1]; keep = [1]
        """,
        ("%run run_me.py", "made == [1] and shared == [1]", "keep shared"),
        ("%run -i run_me.py", "made == [1] and shared == [1, 2]", "keep"),
        (
            """
            %%time
            shared.append(3)
            """,
            "shared == [1, 2, 3]",
            "keep",
        ),
        ("%timeit -n1 -r1 shared.append(4)", "shared == [1, 2, 3, 4]", "keep"),
        (
            """
            %%capture out
            print('x'); shared.append(5)
            """,
            "out.stdout == 'x\\n' and shared[-1] == 5",
            "keep",
        ),
        ("%time shared.append(6)", "shared[-1] == 6", "keep"),
        ("%prun -q shared.append(7)", "shared[-1] == 7", "keep"),
        ("listed = %who_ls", "'listed' not in listed and 'shared' in listed", "keep shared"),
        ("%who", "shared[-1] == 7", "keep shared listed"),
        ("!true", "shared[-1] == 7", "keep shared listed"),
        ("x = !echo hi", "list(x) == ['hi']", "keep shared listed"),
        (
            """
            %%bash --out said
            echo bash
            """,
            "said == 'bash\\n'",
            "keep shared listed",
        ),
    ),
    "objects reached through the output cache": cells(
        "keep = [1]; x = [1]",
        "x",
        ("Out[max(Out)].append(2)", "x == [1, 2]", "keep"),
        "x",
        ("_.append(3)", "x == [1, 2, 3]", "keep"),
        "x",
        ("del x", "True", "keep"),
        ("y = _oh[max(_oh)]; y.append(4)", "y == [1, 2, 3, 4]", "keep"),
    ),
    # Other places where objects are found
    "frames of exceptions": cells(
        """
        keep = [1]; shared = [1]
        def fail(inner):
            raise ValueError('no')
        try: fail(shared)
        except ValueError as error: kept = error
        """,
        ("kept.__traceback__.tb_next.tb_frame.f_locals['inner'].append(2)", "shared == [1, 2]", "keep"),
        (
            """
            import traceback
            for frame, _ in traceback.walk_tb(kept.__traceback__):
                if 'inner' in frame.f_locals: frame.f_locals['inner'].append(3)
            del frame
            """,
            "shared == [1, 2, 3]",
            "keep",
        ),
    ),
    "objects found by the collector": cells(
        "import gc, inspect\nkeep = [1]; marked = ['mark']",
        (
            """
            next(o for o in gc.get_objects() if type(o) is list and o[:1] == ['mark'] and o is marked).append(2)
            """,
            "marked == ['mark', 2]",
            "keep",
        ),
        ("inspect.currentframe().f_globals['marked'].append(3)", "marked[-1] == 3", "keep"),
    ),
    "code in strings": cells(
        "import timeit, cProfile, pickle\nkeep = [1]; x = []\ndef add(): x.append(0)",
        ("exec('x.append(1)'); eval('x.append(2)')", "x == [1, 2]", "keep"),
        ("seconds = timeit.timeit('add()', 'from __main__ import add', number=1)", "x[-1] == 0", "keep"),
        ("cProfile.run('x.append(3)', filename='/dev/null')", "x[-1] == 3", "keep"),
        (
            """
            class Loads:
                def __setstate__(self, state): x.append(state)
            data = pickle.dumps(Loads()).replace(b'sb.', b'') if False else b'c__main__\\nadd\\n)R.'
            """,
            "x[-1] == 3",
            "keep x",
        ),
        ("pickle.loads(data)", "x[-1] == 0", "keep"),
        ("globals()['x'].append(4); vars()['x'].append(5); locals()['y'] = x", "y is x and x[-1] == 5", "keep"),
        ("del globals()['y']", "x[-1] == 5", "keep x"),
    ),
    "the current figure": cells(
        """
        import matplotlib; matplotlib.use('agg')
        import matplotlib.pyplot as plt
        plt.close('all'); fig, ax = plt.subplots(); keep = [1]
        """,
        ("plt.plot([1, 2])", "len(ax.lines) == 1", "keep"),
        ("plt.title('t'); plt.gca().set_xlabel('x')", "ax.get_title() == 't' and ax.get_xlabel() == 'x'", "keep"),
        ("import pandas as pd; pd.Series([1, 2]).plot(); n = 1", "len(ax.lines) == 2", "keep"),
    ),
    "asynchronous cells": cells(
        """
        import asyncio
        x = []; keep = [1]
        async def add(value):
            await asyncio.sleep(0)
            x.append(value)
        """,
        ("await add(1)", "x == [1]"),
        ("await asyncio.gather(add(2), add(3))", "x == [1, 2, 3]"),
        (
            """
            async def numbers():
                for n in range(2): yield n
            async for n in numbers(): x.append(n)
            """,
            "x == [1, 2, 3, 0, 1]",
        ),
    ),
    # Statements
    "binding in expressions and patterns": cells(
        "keep = [1]; data = {'k': [1, 2], 'n': 5}",
        ("if (m := data['k']): m.append(3)", "m is data['k'] and m == [1, 2, 3]", "keep"),
        (
            """
            match data:
                case {'k': [first, *rest], **others}: rest.append(first)
            """,
            "rest == [2, 3, 1] and others == {'n': 5}",
            "keep data",
        ),
        ("head, *data['k'], tail = 7, 8, 9, 10", "data['k'] == [8, 9] and m == [1, 2, 3]", "keep"),
        ("squares = [q for r in range(3) if (q := r * r) or True]", "q == 4", "keep data"),
        ("for data['n'] in range(3): pass", "data['n'] == 2", "keep"),
    ),
    "names that are made again and swapped": cells(
        "a, b = [1], [2]; pair = [a, b]; c = {'k': [1]}; keep = [1]",
        ("a, b = b, a", "pair[0] is b and pair[1] is a and a == [2]", "keep c"),
        ("del a; a = [2]", "pair[1] is not a and pair[1] == a", "keep c"),
        ("a = b", "a is b is pair[0]", "keep c"),
        ("c['k'] += [2]", "c == {'k': [1, 2]}", "keep"),
        ("c['k'] = list(c['k']); d = c['k']", "c['k'] is d", "keep"),
        ("d *= 2", "c['k'] == [1, 2, 1, 2]", "keep"),
        (
            """
            try: del pair, nothing
            except NameError: pass
            finally: c.clear()
            """,
            "c == {} and d == [1, 2, 1, 2]",
            "keep",
        ),
    ),
    "attributes and items assigned in place": cells(
        """
        class O: pass
        o = O(); o.n = 1; o.items = [1]; alias = o.items; keep = [1]
        """,
        ("o.n += 1", "o.n == 2", "keep"),
        ("o.items += [2]", "alias == [1, 2]", "keep"),
        ("o.items[0] -= 1; del o.n", "alias == [0, 2] and not hasattr(o, 'n')", "keep"),
        ("vars(o)['m'] = alias; o.__dict__.pop('items')", "o.m is alias and not hasattr(o, 'items')", "keep"),
    ),
    "iterators that move": cells(
        "keep = [1]; source = [1, 2, 3, 4]; it = iter(source); both = zip(it, it); named = it",
        ("next(it)", "it.__reduce__()[2] == 1", "keep"),
        ("next(both)", "named.__reduce__()[2] == 3", "keep"),
        ("for item in named: break", "it.__reduce__()[2] == 4", "keep"),
        ("import itertools; c = itertools.count()", "repr(c) == 'count(0)'", "keep"),
        ("next(c)", "repr(c) == 'count(1)'", "keep"),
    ),
    "arrays written by functions": cells(
        "import numpy as np\nkeep = [1]; a = np.zeros(4); v = a[1:]; i = np.arange(4); fill = i.fill",
        ("np.add(a, 1, out=a)", "v.tolist() == [1, 1, 1]", "keep"),
        ("np.add.at(a, [1, 1], 5)", "v[0] == 11", "keep"),
        ("np.copyto(v, 3); np.put(a, 0, 9)", "a.tolist() == [9, 3, 3, 3]", "keep"),
        ("a.sort(); v.partition(0)", "a.tolist() == [3, 3, 3, 9] and v.base is a", "keep"),
        ("fill(7)", "i.tolist() == [7] * 4", "keep a"),
        ("i.resize(2, refcheck=False); a.shape = 2, 2", "i.tolist() == [7, 7] and a.shape == (2, 2)", "keep"),
        ("i.flat[0] = 1; a.real[0, 0] = 0; memoryview(i)[1] = 2", "i.tolist() == [1, 2] and a[0, 0] == 0", "keep"),
        ("np.random.default_rng(0).shuffle(i); np.random.seed(1)", "sorted(i) == [1, 2]", "keep"),
    ),
    "frames changed in place": cells(
        "import pandas as pd, warnings\nwarnings.filterwarnings('ignore', message='The inplace')\nkeep = [1]; f = pd.DataFrame({'a': [2, 1], 'b': [None, 1.0]}); g = f; held = [f]",
        ("f.sort_values('a', inplace=True)", "g['a'].tolist() == [1, 2] and held[0] is f", "keep"),
        ("f.fillna(0, inplace=True)", "g['b'].tolist() == [1, 0]", "keep"),
        ("f.rename(columns={'a': 'x'}, inplace=True)", "list(held[0]) == ['x', 'b']", "keep"),
        ("f.loc[0, 'x'] = 9; f.at[1, 'b'] = 8; f['c'] = 1; f.insert(0, 'd', 2)", "list(g) == ['d', 'x', 'b', 'c']", "keep"),
        ("f.drop(columns='d', inplace=True); popped = f.pop('c')", "list(g) == ['x', 'b'] and len(popped) == 2", "keep"),
        ("f.index = [5, 6]; f.columns = ['p', 'q']; f.attrs['k'] = 1", "g.loc[6].tolist() == [1, 0] or g.index[0] == 5", "keep"),
    ),
}  # fmt: skip

HERE = {"a module of one's own", "the current figure"}
"""Not played in another kernel, which does not find the module, and draws figures in another way."""


@pytest.mark.parametrize("name", CASES)
def test_each_change_is_recorded_with_its_cell(
    name: str, kernel: Kernel, other: Kernel, notebook: Path, compared: str
) -> None:
    play(kernel, other if compared == "all" and name not in HERE else None, notebook, CASES[name])


def test_what_a_cell_does_not_reach_is_left_out(kernel: Kernel, notebook: Path, compared: str) -> None:
    """Else this file would show nothing. What was left out is found before a restore."""
    session_of(kernel, notebook)
    kernel.cell("a, b = [1], [2]")
    kernel.hidden("b.append('unseen')  # as kishu_agent itself would: such code is not taken for a change")
    kernel.cell("a.append(3)")
    newest = kernel.checkpoints()[-1]
    assert newest["changed"] == (["a"] if compared == "reached" else ["a", "b"])
    kernel.serve("undo")
    kernel.serve("redo")
    assert kernel.values(["a", "b"]) == [[1, 3], [2, "unseen"]]
