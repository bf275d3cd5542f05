#!/bin/sh
# The engine starts this file (Pulumi.yaml, plugins); it hands over to the plugin in the project's Python.
# `exec`: the plugin leaves when its parent, the engine, is gone.
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
python="$root/.venv/bin/python"
if [ ! -x "$python" ]; then
    for venv in "$PULUMI_RUNTIME_VIRTUALENV" "$VIRTUAL_ENV"; do
        case $venv in
            '') continue ;;
            /*) ;;
            *) venv="$root/$venv" ;;
        esac
        if [ -x "$venv/bin/python" ]; then
            python="$venv/bin/python"
            break
        fi
    done
fi
if [ ! -x "$python" ]; then
    python=${PULUMI_PYTHON_CMD:-python3}
fi
exec "$python" -u -P -m hyperv_placement.plugin "$@"
