"""The gallery: the mirror in the browser. A process of its own that reads the catalogue and writes only
gallery.db, thumbs.db and the thumbnails; what the daemon must do is asked through its socket.
"""
