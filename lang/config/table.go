package config

import "math"

var (
	stability = []string{"error", "warn", "enable"}

	// renamed maps the names of old versions of the language.
	renamed = map[string]string{
		"strlen":        "max_strlen",
		"cat_bytes_max": "max_cat_bytes",
		"map_keys_max":  "max_map_keys",
	}

	// envOnly are read from the environment only, before there is a script.
	envOnly = []string{"btf", "kernel_build", "kernel_source", "vmlinux", "color"}
)

// Settings are all settings, by name.
var Settings = []*Setting{
	{Name: "cache_user_symbols", Kind: Word, Words: []string{"PER_PID", "PER_PROGRAM", "NONE"},
		text: func(c *Config) *string { return &c.CacheUserSymbols },
		Doc: "What shares one table of user-space symbols: each process (`PER_PID`), each binary (`PER_PROGRAM`), or nothing (`NONE`).\n" +
			"By default PER_PROGRAM when address space randomisation is off or `-c` is given, else PER_PID."},
	{Name: "cpp_demangle", Kind: Bool, Default: "true",
		truth: func(c *Config) *bool { return &c.CppDemangle },
		Doc:   "Show C++ and Rust symbols in the form that people write."},
	{Name: "lazy_symbolication", Kind: Bool, Default: "true",
		truth: func(c *Config) *bool { return &c.LazySymbolication },
		Doc:   "Look user-space symbols up when they are printed, not when the process is first seen."},
	{Name: "license", Kind: Word, Default: "GPL",
		Words: []string{"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"},
		text:  func(c *Config) *string { return &c.License },
		Doc:   "The licence under which programs are loaded; the kernel offers most helpers to GPL-compatible ones only."},
	{Name: "log_size", Kind: Number, Default: "1000000", Min: 0, Max: math.MaxUint32 >> 2,
		number: func(c *Config) *uint64 { return &c.LogSize },
		Doc:    "Bytes kept of the kernel verifier's log when a program is rejected."},
	{Name: "max_bpf_progs", Kind: Number, Default: "1024", Min: 1, Max: math.MaxUint32,
		number: func(c *Config) *uint64 { return &c.MaxBPFProgs },
		Doc:    "The greatest number of programs that a script may compile to."},
	{Name: "max_cat_bytes", Kind: Number, Default: "10240", Min: 0, Max: math.MaxUint64,
		number: func(c *Config) *uint64 { return &c.MaxCatBytes },
		Doc:    "Bytes that `cat()` reads of a file at most."},
	{Name: "max_map_keys", Kind: Number, Default: "4096", Min: 1, Max: math.MaxUint32,
		number: func(c *Config) *uint64 { return &c.MaxMapKeys },
		Doc:    "How many keys a map holds unless its declaration says otherwise."},
	{Name: "max_probes", Kind: Number, Default: "1024", Min: 0, Max: math.MaxUint32,
		number: func(c *Config) *uint64 { return &c.MaxProbes },
		Doc:    "The greatest number of probes that a script may attach to. Many probes slow the machine down."},
	{Name: "max_strlen", Kind: Number, Default: "1024", Min: 1, Max: 1 << 20,
		number: func(c *Config) *uint64 { return &c.MaxStrlen },
		Doc:    "Bytes of the values that `str()`, `buf()` and `path()` give, unless the call says fewer."},
	{Name: "missing_probes", Kind: Word, Default: "error", Words: []string{"error", "warn", "ignore"},
		text: func(c *Config) *string { return &c.MissingProbes },
		Doc:  "What to do about probes that do not exist or can not be attached: fail, go on with a warning, or go on."},
	{Name: "on_stack_limit", Kind: Number, Default: "32", Min: 0, Max: 512,
		number: func(c *Config) *uint64 { return &c.OnStackLimit },
		Doc:    "Bytes of the largest object that is kept on the 512-byte stack of a program rather than in per-CPU memory."},
	{Name: "perf_rb_pages", Kind: Number, Default: "0", Min: 0, Max: 1 << 20,
		number: func(c *Config) *uint64 { return &c.PerfRBPages },
		Doc:    "Pages, of the size that the machine has, of the buffer between kernel and tracer; 0 chooses up to 16 MiB by the number of processors and the memory."},
	{Name: "print_maps_on_exit", Kind: Bool, Default: "true",
		truth: func(c *Config) *bool { return &c.PrintMapsOnExit },
		Doc:   "Print all maps that are not empty when the script ends."},
	{Name: "show_debug_info", Kind: Bool, Default: "true",
		truth: func(c *Config) *bool { return &c.ShowDebugInfo },
		Doc:   "Show file, line and inlined functions in stacks where debug information has them."},
	{Name: "stack_mode", Kind: Word, Default: "bpftrace", Words: []string{"bpftrace", "perf", "raw", "build_id"},
		text: func(c *Config) *string { return &c.StackMode },
		Doc:  "How stacks are shown unless the call says otherwise."},
	{Name: "str_trunc_trailer", Kind: Text, Default: "..",
		text: func(c *Config) *string { return &c.StrTruncTrailer },
		Doc:  "What follows a string that was cut off."},
	{Name: "unstable_dw_ustack", Kind: Word, Default: "warn", Words: stability,
		Doc: "Whether unwinding user stacks by their debug information is allowed, allowed with a warning, or an error."},
	{Name: "unstable_import_statement", Kind: Word, Default: "error", Words: stability,
		Doc: "Whether imports inside blocks are allowed, allowed with a warning, or an error."},
	{Name: "unstable_tseries", Kind: Word, Default: "warn", Words: stability,
		Doc: "Whether time series are allowed, allowed with a warning, or an error."},
	{Name: "unstable_typeinfo", Kind: Word, Default: "error", Words: stability,
		Doc: "Whether `typeinfo` is allowed, allowed with a warning, or an error."},
}
