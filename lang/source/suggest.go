package source

import "strings"

// Closest gives the name that someone who wrote word most likely meant, or ""
// when none is near enough. It counts insertions, deletions, replacements and
// swaps of neighbours; about a third of the letters may be wrong. Of equally
// near names the first wins, so sorted names give a stable answer.
func Closest(word string, names []string) string {
	best, limit := "", max(1, (len(word)+1)/3)
	lower := strings.ToLower(word)
	for _, name := range names {
		if name == word || abs(len(name)-len(word)) > limit {
			continue
		}
		d := distance(lower, strings.ToLower(name))
		if d >= len(word) || d > limit || best != "" && d == limit {
			continue
		}
		best, limit = name, d
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// distance is the optimal string alignment distance of a and b, in bytes.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
