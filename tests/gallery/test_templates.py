"""What holds for all templates."""

from pixmirror.gallery.answers import _environment


def test_every_block_of_a_page_fills_one_that_its_base_has() -> None:
    made = _environment()
    blocks = {name: set(made.get_template(name).blocks) for name in made.list_templates()}
    bases = {name for name in blocks if name.startswith("base")}
    assert "base.html" in bases
    known = set().union(*(blocks[name] for name in bases))
    assert {name: found - known for name, found in blocks.items() if found - known} == {}
