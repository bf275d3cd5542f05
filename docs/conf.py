"""How the site is made of these pages: Sphinx with MyST, nothing from the network."""

project = "VM placement as code for Hyper-V"
html_title = project
extensions = ["myst_parser"]
exclude_patterns = ["_site", "package.md"]  # the wheel's own description
root_doc = "index"
html_theme = "furo"
html_theme_options = {"top_of_page_buttons": []}
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
highlight_language = "text"
# As forges make them: a link to a heading works in both, and one to no heading fails the build.
myst_heading_anchors = 4
