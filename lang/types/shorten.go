package types

import "sort"

// Shorten gives t with its longest strings cut, so that values take at most size
// bytes; t itself when they do already, or when no cut would be enough.
func Shorten(t Type, size int) Type {
	longest := longestString(t)
	// The shortest limit on strings at which values are too long.
	limit := sort.Search(longest, func(n int) bool { return cutStrings(t, n+1).Size() > size })
	if limit == 0 || limit == longest {
		return t
	}
	return cutStrings(t, limit)
}

func longestString(t Type) int {
	n := 0
	switch t := t.(type) {
	case String:
		n = t.N
	case *Tuple:
		for _, e := range t.Elems {
			n = max(n, longestString(e))
		}
	case *Record:
		for _, e := range t.Elems {
			n = max(n, longestString(e))
		}
	}
	return n
}

// cutStrings makes no string within t longer than n bytes.
func cutStrings(t Type, n int) Type {
	switch t := t.(type) {
	case String:
		return String{min(t.N, n)}
	case *Tuple:
		return &Tuple{cutAll(t.Elems, n)}
	case *Record:
		return &Record{t.Names, cutAll(t.Elems, n)}
	}
	return t
}

func cutAll(elems []Type, n int) []Type {
	out := make([]Type, len(elems))
	for i, e := range elems {
		out[i] = cutStrings(e, n)
	}
	return out
}
