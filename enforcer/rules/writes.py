"""The six rules about what a job changes: they differ only in whose state it is."""

from __future__ import annotations

from collections.abc import Iterator

from enforcer.results.findings import ERROR, Finding
from enforcer.rules.evidence import Evidence
from enforcer.rules.fixes import Fix, at, of
from enforcer.rules.making import from_changes

_INSIDE = r".*\["
"""A path that leads into a container."""


class _Write:
    """One finding for each change of a unit of one kind."""

    id: str
    title: str
    severity = ERROR
    unit_kind: str
    fixes: tuple[Fix, ...]

    def findings(self, evidence: Evidence) -> Iterator[Finding]:
        """See the class."""
        return from_changes(self, evidence, self.unit_kind)


class ForeignWrite(_Write):
    """Any change of an element, or of a source, that the job does not run for."""

    id = "foreign-write"
    title = "changes another element or a source of it"
    unit_kind = "element"
    fixes = (
        Fix(
            "in a dependency's `integrate()`",
            "`integrate()` runs in the jobs of other elements: write nothing on `self` in it",
            lambda finding: finding.site is not None and finding.site.function == "integrate",
        ),
        Fix("an environment", "work on a copy: `env = dict(dep.get_environment())`", at("environment")),
        Fix(
            "public data",
            "use your own, `self.set_public_data()` in the Build job: others read it with `dep.get_public_data()`",
            at("public"),
        ),
        Fix(
            "a source",
            "keep on `self` what you learn of another element's source; its ref is set in its `.bst` file",
            at(r"sources\["),
        ),
        Fix("another container", "change a copy: `mine = copy.deepcopy(theirs)`", at(_INSIDE)),
        Fix("an attribute", "keep it on `self`; what the other element does is changed in its `.bst` file"),
    )


class ProjectWrite(_Write):
    """Any change of what all elements of a project share."""

    id = "project-write"
    title = "changes its project or a source mirror"
    unit_kind = "project"
    fixes = (
        Fix(
            "a source mirror",
            "keep nothing on a `SourceMirror`: compute what `translate_url()` gives from its arguments",
            at(r"mirrors\["),
        ),
        Fix("anything else", "set it in `project.conf`, as option, variable or element default; keep state on `self`"),
    )


class ContextWrite(_Write):
    """Any change of what a whole BuildStream session shares."""

    id = "context-write"
    title = "changes the context or what hangs on it: workspaces, messenger, caches"
    unit_kind = "context"
    fixes = (
        Fix("the messenger", "report by `self.status()`, `self.info()` or `self.warn()`", at("messenger")),
        Fix("anything else", "keep it on `self`; tell other elements through public data: `self.set_public_data()`"),
    )


class ClassWrite(_Write):
    """Any change of a class, which all elements of that kind share."""

    id = "class-write"
    title = "changes an attribute of a plugin class or of a class of BuildStream"
    unit_kind = "class"
    fixes = (
        Fix("a class of BuildStream", "override it in your own class, at most", of(r"buildstream\.")),
        Fix(
            "the default value of a parameter",
            "let the default be `None`, and make the object in the function",
            at(r".*__(kw)?defaults__"),
        ),
        Fix("a container", "make it the element's own in `configure()`: `self.names = []`", at(_INSIDE)),
        Fix("an attribute", "set it on `self`: `self.memo = ...`"),
    )


class ModuleWrite(_Write):
    """Any change of a module's globals or of a container that they hold."""

    id = "module-write"
    title = "changes a global variable of a plugin module or of BuildStream"
    unit_kind = "module"
    fixes = (
        Fix("a module of BuildStream", "leave it as it is; keep on `self` what the job needs", of(r"buildstream\b")),
        Fix("anything else", "keep it on `self`; compute at import what is the same for all elements"),
    )


class ProcessWrite(_Write):
    """Any change of process-wide state, which all jobs share."""

    id = "process-write"
    title = "changes what the process shares: environment, limits, network, logging, hooks, functions of libraries"
    unit_kind = "process"
    fixes = (
        Fix(
            "an environment variable",
            'give it to the one child that needs it: `self.call(command, env=dict(os.environ, NAME="value"))`',
            at(r"os\.(environ|putenv)"),
        ),
        Fix(
            "the working directory",
            "use absolute paths, or give it to the child: `self.call(command, cwd=directory)`",
            at(r"os\.getcwd"),
        ),
        Fix(
            "the umask",
            "set modes by `os.chmod()`",
            at(r"umask"),
        ),
        Fix(
            "`sys.path`",
            "install the package that you import beside the plugin's",
            at(r"sys\.path\b"),
        ),
        Fix(
            "the locale or the time zone",
            "run the program with `LC_ALL` or `TZ` in its `env`; in Python ask no locale",
            at(r"(locale|time\.tz)"),
        ),
        Fix(
            "a signal handler, a mask, a timer",
            "leave it to BuildStream: `self.call()` ends a child with its job",
            at(r"signal"),
        ),
        Fix(
            "the network",
            "give it to the call: `timeout=`, `context=`; or call an opener of your own: `build_opener(...).open(url)`",
            at(r"(socket|ssl|urllib|http)\b"),
        ),
        Fix(
            "warnings",
            "write `with warnings.catch_warnings():` around the call",
            at(r"warnings"),
        ),
        Fix(
            "logging",
            "report by `self.info()` or `self.warn()`; how others' records are written is the user's to say",
            at(r"logging"),
        ),
        Fix(
            "streams and descriptors",
            "write `with contextlib.redirect_stdout(...):`, or give `stdout=` to the child",
            at(r"(sys\.(__)?std|descriptor)"),
        ),
        Fix(
            "a limit or a priority",
            "give it to the child that needs it: `prlimit` or `nice` in front of its command",
            at(r"(resource|os\.nice|os\.sched|sys\.getrec)"),
        ),
        Fix(
            "random numbers",
            "use a generator of your own: `random.Random(seed)`",
            at(r"random\.seed"),
        ),
        Fix(
            "decimals",
            "write `with decimal.localcontext() as context:`",
            at(r"decimal"),
        ),
        Fix(
            "a table in which others look up",
            "use an object of your own: `mimetypes.MimeTypes()`, `dialect=`; or register when the module is imported",
            at(r"(shutil\._|mimetypes|xml\.etree\.ElementTree\._|csv|copyreg|encodings|gettext)"),
        ),
        Fix(
            "anything else",
            "give what differs to the call or to an object of your own; replace nothing that others use",
        ),
    )
