"""The demo Pixiv: a small generated Pixiv on loopback, for trying the product and for its tests."""
