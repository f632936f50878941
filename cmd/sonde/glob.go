package main

import "path"

// glob matches a name against a shell pattern; colons and slashes are ordinary.
func glob(pattern, name string) bool {
	ok, err := path.Match(opaque(pattern), opaque(name))
	return ok && err == nil
}

// opaque hides slashes, which path.Match would not let * match.
func opaque(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c == '/' {
			b[i] = 1
		}
	}
	return string(b)
}
