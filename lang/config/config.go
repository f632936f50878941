// Package config holds the settings that a script's config block, the
// environment and the command line can change.
//
// Comes in: names and values as text. Goes out: a Config with every setting
// typed and in range, or an error that names the allowed values. Precedence,
// lowest first: default, config block, environment (BPFTRACE_NAME), command line.
package config

// Config is what a run goes by. Sizes are in bytes unless the name says more.
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
}
