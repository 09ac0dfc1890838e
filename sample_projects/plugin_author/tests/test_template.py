from buildstream.exceptions import ErrorDomain


def test_values_are_filled_in(build):
    assert (build("about.bst") / "about.txt").read_text() == "This is hello.\n"


def test_a_value_of_the_template_is_part_of_the_key(cli, project):
    before = cli.get_element_key(str(project), "about.bst")
    template = project / "files" / "about.txt.in"
    template.write_text(template.read_text() + "More.\n")

    assert cli.get_element_key(str(project), "about.bst") != before


def test_a_missing_value_fails_the_fetch(cli, project):
    result = cli.run(project=project, args=["source", "fetch", "unfinished.bst"])

    result.assert_task_error(ErrorDomain.SOURCE, None)
    assert "no value for NAME" in result.stderr
