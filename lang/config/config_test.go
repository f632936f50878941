package config

import (
	"slices"
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	if !slices.IsSortedFunc(Settings, func(a, b *Setting) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the settings are not sorted by name")
	}
	c := Default()
	for _, s := range Settings {
		if got := s.Get(&c); got != s.Default {
			t.Errorf("%s is %q by default, not %q", s.Name, got, s.Default)
		}
		if s.Doc == "" || !strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s has no documentation", s.Name)
		}
		if err := c.Set(s.EnvName(), s.Default); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestSet(t *testing.T) {
	for _, c := range []struct{ name, value, want, err string }{
		{"max_strlen", "64", "64", ""},
		{"MAX_STRLEN", "0x40", "64", ""},
		{"BPFTRACE_MAX_STRLEN", "1_000", "1000", ""},
		{"strlen", "5", "", ""}, // the old name
		{"max_strlen", "0", "", "max_strlen: 0 is out of range: valid values are 1 to 1048576"},
		{"max_strlen", "many", "", `max_strlen: expecting a number, got "many"`},
		{"cpp_demangle", "0", "false", ""},
		{"cpp_demangle", "TRUE", "true", ""},
		{"cpp_demangle", "yes", "", "cpp_demangle: Invalid bool value: valid values are true, false, 1 or 0"},
		{"stack_mode", "PERF", "perf", ""},
		{"stack_mode", "nice", "", "Invalid value for stack_mode: valid values are bpftrace, perf, raw, build_id"},
		{"cache_user_symbols", "per_program", "PER_PROGRAM", ""},
		{"license", "Dual BSD/GPL", "Dual BSD/GPL", ""},
		{"license", "MIT", "", "Invalid value for license: valid values are GPL, GPL v2, GPL and additional rights, Dual BSD/GPL, Dual MIT/GPL, Dual MPL/GPL"},
		{"unstable_tseries", "1", "enable", ""},
		{"str_trunc_trailer", "", "", ""},
		{"btf", "x", "", "btf: can only be set as an environment variable"},
		{"max_strlne", "1", "", "max_strlne: not a known configuration option"},
	} {
		cfg := Default()
		err := cfg.Set(c.name, c.value)
		switch {
		case err != nil && err.Error() != c.err, err == nil && c.err != "":
			t.Errorf("%s=%s: got error %v, want %q", c.name, c.value, err, c.err)
		case err == nil && c.want != "" && find(c.name).Get(&cfg) != c.want:
			t.Errorf("%s=%s gives %s", c.name, c.value, find(c.name).Get(&cfg))
		}
		if u, ok := err.(*UnknownError); ok && u.Close != "max_strlen" {
			t.Errorf("%s: suggests %q", c.name, u.Close)
		}
	}
}

func TestPrecedence(t *testing.T) {
	c, err := Load([]string{"HOME=/", "BPFTRACE_MAX_STRLEN=100", "BPFTRACE_BTF=/x", "BPFTRACE_UNSTABLE_TSERIES=error"})
	if err != nil {
		t.Fatal(err)
	}
	copied := c
	for _, kv := range [][2]string{{"max_strlen", "5"}, {"max_map_keys", "7"}, {"unstable_tseries", "enable"}, {"unstable_dw_ustack", "enable"}} {
		if err := c.SetFromScript(kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	if c.MaxStrlen != 100 || c.MaxMapKeys != 7 || c.Unstable["unstable_tseries"] != "error" || c.Unstable["unstable_dw_ustack"] != "enable" {
		t.Errorf("got %+v", c)
	}
	if copied.Unstable["unstable_dw_ustack"] != "warn" {
		t.Error("a copy changed with it")
	}
	if err := c.SetFromScript("max_strlen", "bad"); err == nil {
		t.Error("a bad value in the script goes unnoticed when the environment wins")
	}
	if _, err := Load([]string{"BPFTRACE_MAX_STRLEN=x"}); err == nil {
		t.Error("a bad value in the environment goes unnoticed")
	}
}
