// Package config holds the settings that a script's config block, the
// environment and the command line can change.
//
// Comes in: names and values as text. Goes out: a Config with every setting
// typed and in range, or an error that names the allowed values. Precedence,
// lowest first: default, config block, environment (BPFTRACE_NAME), command line.
package config

import (
	"maps"
	"strings"
)

// Config is what a run goes by. Sizes are in bytes unless the name says more.
// The zero Config is not usable: begin with Default or Load.
type Config struct {
	CacheUserSymbols  string // PER_PID, PER_PROGRAM or NONE; "" picks by ASLR
	CppDemangle       bool
	LazySymbolication bool
	License           string
	LogSize           uint64
	MaxBPFProgs       uint64
	MaxCatBytes       uint64
	MaxMapKeys        uint64
	MaxProbes         uint64
	MaxStrlen         uint64
	MissingProbes     string // error, warn or ignore
	OnStackLimit      uint64
	PerfRBPages       uint64 // 0 picks by the machine's memory
	ShowDebugInfo     bool
	StackMode         string // bpftrace, perf, raw or build_id
	StrTruncTrailer   string
	PrintMapsOnExit   bool
	// Unstable says error, warn or enable for each feature flag, by name.
	Unstable map[string]string

	// fixed are the settings that a script can't change, because the environment
	// or the command line did.
	fixed map[string]bool
}

// Default gives the settings that nobody has touched.
func Default() Config {
	c := Config{Unstable: map[string]string{}}
	for _, s := range Settings {
		if err := s.set(&c, s.Default); err != nil {
			panic(err)
		}
	}
	return c
}

// Prefix is what the names of environment variables begin with.
const Prefix = "BPFTRACE_"

// Load gives the settings with the environment's changes, which then win over
// the script's. environ is as os.Environ gives it; variables that are no
// settings are left alone.
func Load(environ []string) (Config, error) {
	c := Default()
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, Prefix) {
			continue
		}
		if s := find(name); s != nil {
			if err := c.Set(s.Name, value); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// Set changes a setting for good: a later SetFromScript leaves it alone. The
// name may be written as BPFTRACE_MAX_STRLEN, MAX_STRLEN or max_strlen.
func (c *Config) Set(name, value string) error {
	s, err := lookup(name)
	if err != nil {
		return err
	}
	if err := s.set(c, value); err != nil {
		return err
	}
	c.fixed = with(c.fixed, s.Name, true)
	return nil
}

// SetFromScript changes a setting unless Set did. The value is checked either way.
func (c *Config) SetFromScript(name, value string) error {
	s, err := lookup(name)
	if err != nil {
		return err
	}
	target := c
	if c.fixed[s.Name] {
		scratch := *c
		target = &scratch
	}
	return s.set(target, value)
}

// with gives a copy of m, which other copies of the Config may share, with k set.
func with[V any](m map[string]V, k string, v V) map[string]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[string]V{}
	}
	m[k] = v
	return m
}
