"""`kustomize build` for what deploy/kubernetes needs of it, and an error for anything else."""

from copy import deepcopy

from ruamel.yaml import YAML

_KNOWN = {
    "apiVersion", "kind", "namespace", "labels", "resources", "images", "configMapGenerator",
    "patches",
}  # fmt: skip


def load(path):
    """All documents of a file."""
    return list(YAML(typ="safe").load_all(path))


def build(folder):
    """The objects that a folder stands for, without the hashes in the names of ConfigMaps."""
    (how,) = load(folder / "kustomization.yaml")
    assert set(how) <= _KNOWN, set(how) - _KNOWN
    objects = [one for name in how["resources"] for one in _read(folder / name)]
    for generator in how.get("configMapGenerator", []):
        _configure(objects, generator)
    for one in how.get("patches", []):
        found = [o for o in objects if _is(o, **one["target"])]
        assert found, f"{folder}: nothing to patch: {one['target']}"
        for each in found:
            _patch(each, YAML(typ="safe").load(one["patch"]))
    for image in how.get("images", []):
        containers = [c for o in objects for c in _containers(o)]
        found = [c for c in containers if c["image"].rpartition(":")[0] == image["name"]]
        assert found, f"{folder}: nothing has the image {image['name']}"
        for each in found:
            each["image"] = f"{image['newName']}:{image['newTag']}"
    for one in objects:
        if one["kind"] != "Namespace":
            one["metadata"]["namespace"] = how["namespace"]
        for label in how.get("labels", []):
            one["metadata"].setdefault("labels", {}).update(label["pairs"])
    return objects


def _read(path):
    return build(path) if path.is_dir() else [deepcopy(one) for one in load(path)]


def _is(found, kind, name):
    return found["kind"] == kind and found["metadata"]["name"] == name


def _configure(objects, generator):
    data = dict(line.split("=", 1) for line in generator["literals"])
    old = [o for o in objects if _is(o, "ConfigMap", generator["name"])]
    if generator.get("behavior", "create") == "merge":
        old[0]["data"].update(data)
        return
    assert not old
    metadata = {"name": generator["name"]}
    objects.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})


def _patch(found, operations):
    for operation in operations:
        assert operation["op"] == "replace", operation
        *way, last = (int(p) if p.isdigit() else p for p in operation["path"].split("/")[1:])
        for step in way:
            found = found[step]
        found[last]
        found[last] = operation["value"]


def _containers(found):
    if found["kind"] != "Deployment":
        return []
    return found["spec"]["template"]["spec"]["containers"]
