"""What is put aside under a name that is free."""

from tfgan.paths.aside import free_name, gather, set_aside


def test_names_are_free(tmp_path):
    assert free_name(tmp_path / "run") == tmp_path / "run"
    (tmp_path / "run").mkdir()
    (tmp_path / "run-2").symlink_to("nowhere")
    (tmp_path / "run.png").touch()
    assert free_name(tmp_path / "run").name == "run-3" and free_name(tmp_path / "run", ".png").name == "run-2.png"


def test_what_is_set_aside_replaces_nothing(tmp_path):
    names = [("a.damaged.json", "1"), ("a.damaged-2.json", "2"), ("a.damaged-3.json", "3")]
    for name, text in names:
        (tmp_path / "a.json").write_text(text)
        assert set_aside(tmp_path / "a.json").name == name
    assert [(tmp_path / name).read_text() for name, _ in names] == ["1", "2", "3"]


def test_files_that_belong_together_go_into_a_new_folder(tmp_path):
    for name in ("8", "8-2"):
        (tmp_path / "a").write_text(name)
        (tmp_path / "b").mkdir()
        assert gather([tmp_path / "a", tmp_path / "b"], tmp_path / "damaged" / "8") == tmp_path / "damaged" / name
        assert (tmp_path / "damaged" / name / "a").read_text() == name and (tmp_path / "damaged" / name / "b").is_dir()
