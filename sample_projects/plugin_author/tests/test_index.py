def test_every_file_is_listed(build):
    assert (build("index.bst") / "index.txt").read_text() == (
        "about.bst: about.txt\nhello.bst: usr\nhello.bst: usr/bin\nhello.bst: usr/bin/hello\n"
    )


def test_domains_can_be_left_out(build):
    assert (build("index-without-programs.bst") / "index.txt").read_text() == "about.bst: about.txt\nhello.bst: usr\n"
