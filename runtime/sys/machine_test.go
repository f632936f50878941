package sys

import (
	"slices"
	"testing"
)

func TestParseCPUs(t *testing.T) {
	for _, test := range []struct {
		list string
		want []int
	}{
		{"0", []int{0}},
		{"0-3", []int{0, 1, 2, 3}},
		{"0-1,4,6-7", []int{0, 1, 4, 6, 7}},
	} {
		got, err := parseCPUs(test.list)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, %v; want %v", test.list, got, err, test.want)
		}
	}
	for _, bad := range []string{"", "a", "0-", "0,,1"} {
		if got, err := parseCPUs(bad); err == nil {
			t.Errorf("%q gives %v", bad, got)
		}
	}
}

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"@latency":                "latency",
		".events":                 ".events",
		"a-b:c d":                 "abcd",
		"a_name_that_is_too_long": "a_name_that_is_",
	} {
		n := name(in)
		if got := string(n[:len(want)]); got != want || n[len(want)] != 0 {
			t.Errorf("%q: %q, want %q", in, n, want)
		}
	}
}
