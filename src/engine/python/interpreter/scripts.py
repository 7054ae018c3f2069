"""
Evaluates a command in the way of Python's prompt: names stay, `await` works at the top, and the value of the last
expression is the result.
"""
import __future__
import ast
import linecache
import sys

# Sources of so many commands are kept, for tracebacks and `inspect`.
KEPT_SOURCES = 200
TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
IS_COROUTINE = 0x80
features = [getattr(__future__, name) for name in __future__.all_feature_names]


class Scripts:
    def __init__(self, namespace):
        self.namespace = namespace
        # What commands have imported from __future__ holds from then on.
        self._flags = 0
        self._names = []
        self._loop = None
        # Of the running command; None: it uses no event loop.
        self._tasks_before = None

    def evaluate(self, number, script, new_scope):
        """The value of the last expression; None where the last statement is none."""
        self._tasks_before = None
        name = "<command-%d>" % number
        self._remember(name, script)
        body, last = self._compile(name, script)
        scope = dict(self.namespace) if new_scope else self.namespace
        scope.pop("__warningregistry__", None)
        is_async = any(code is not None and code.co_flags & IS_COROUTINE for code in (body, last))
        if is_async:
            return self._loop_runs(evaluate_async(body, last, scope))
        if body is not None:
            exec(body, scope)
        return None if last is None else eval(last, scope)

    def stopped(self):
        """Ends what the stopped command has left in the event loop."""
        loop, asyncio = self._loop, sys.modules.get("asyncio")
        if self._tasks_before is None or loop is None or asyncio is None or loop.is_closed() or loop.is_running():
            return
        mine = [task for task in asyncio.all_tasks(loop) if task not in self._tasks_before]
        for task in mine:
            task.cancel()
        if mine:
            loop.run_until_complete(asyncio.wait(mine, timeout=0.2))

    def abandon(self):
        """The loop is left lying with the code that runs in it."""
        asyncio = sys.modules.get("asyncio")
        if asyncio is not None:
            asyncio._set_running_loop(None)
        self._loop = None

    def _remember(self, name, script):
        lines = [line + "\n" for line in script.split("\n")]
        linecache.cache[name] = (len(script), None, lines, name)
        self._names.append(name)
        if len(self._names) > KEPT_SOURCES:
            linecache.cache.pop(self._names.pop(0), None)

    def _compile(self, name, script):
        flags = self._flags | TOP_LEVEL_AWAIT
        tree = compile(script, name, "exec", flags | ast.PyCF_ONLY_AST, True)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        body = compile(tree, name, "exec", flags, True) if tree.body else None
        if body is not None:
            for feature in features:
                if body.co_flags & feature.compiler_flag:
                    self._flags |= feature.compiler_flag
        if last is not None:
            last = compile(ast.Expression(last.value), name, "eval", self._flags | TOP_LEVEL_AWAIT, True)
        return body, last

    def _loop_runs(self, coroutine):
        import asyncio

        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._tasks_before = asyncio.all_tasks(self._loop)
        return self._loop.run_until_complete(coroutine)


async def evaluate_async(body, last, scope):
    if body is not None:
        result = eval(body, scope)
        if body.co_flags & IS_COROUTINE:
            await result
    if last is None:
        return None
    result = eval(last, scope)
    return await result if last.co_flags & IS_COROUTINE else result
