CHANGES = "Version 1.0\n\n* hello says hello\n* goodbye is gone\n"


def test_changes_of_all_dependencies_are_joined(build):
    assert (build("changelog.bst") / "changelog.txt").read_text() == CHANGES


def test_the_version_can_be_exported(build):
    assert (build("changelog-exported.bst") / "changelog.txt").read_text() == CHANGES
