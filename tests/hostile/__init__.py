"""What strangers may send to do harm, one list a kind, each with what must become of its entries.

`answers` are values in answers of Pixiv, `addresses` those of files, requests and redirects, `files` pictures and
zips, `texts` what people say, which pages, terminals and logs show. Tests of every part draw from here, so that
what is added once is tried wherever it may come in.
"""
