"""Longer inputs: boxes of uniforms inside order words."""
