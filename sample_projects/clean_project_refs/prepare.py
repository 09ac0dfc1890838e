"""Write the alias of the files that are fetched: a file: address must be absolute."""


def prepare(project):
    upstream = (project / "files" / "upstream").as_uri()
    for directory in (project, project / "sub"):
        (directory / "aliases.yml").write_text(f"aliases:\n  upstream: {upstream}/\n", encoding="utf-8")
