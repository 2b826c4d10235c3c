"""Templates of instruction pairs: one file each, for a reader to edit, and how they are read."""

from blift.transforms.templates.template import Part, Template, TemplateFile, TemplateFiles, load_template, shipped

__all__ = ["Part", "Template", "TemplateFile", "TemplateFiles", "load_template", "shipped"]
