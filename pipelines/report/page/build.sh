#!/usr/bin/env bash
# Bundles the page of `blift report` with the packages under MODULES (a folder node_modules) into OUT.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
modules="$1" out="$2"
mkdir -p "$out"
for file in app.js app.css; do
  NODE_PATH="$modules" "$modules/.bin/esbuild" "$here/src/$file" --bundle --minify --target=es2022 --format=iife \
    --charset=utf8 --legal-comments=none --log-level=warning --outfile="$out/$file"
done
for package in uplot; do
  printf '%s %s\n\n' "$package" "$(node -p "require('$modules/$package/package.json').version")"
  cat "$modules/$package/LICENSE"
  printf '\n'
done > "$out/LICENSES.txt"
