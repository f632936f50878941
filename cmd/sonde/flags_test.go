package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseArguments(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // a part of the error, "" for none
		is   func(*arguments) bool
	}{
		{"-e X", "", func(a *arguments) bool { return a.programSet && a.program == "X" && a.file == "" }},
		{"-ve X", "", func(a *arguments) bool { return a.verbose && a.program == "X" }},
		{"-e X -e Y", "", func(a *arguments) bool { return a.program == "Y" }},
		{"a.bt 1 two -- --three=3 --four", "", func(a *arguments) bool {
			return a.file == "a.bt" && reflect.DeepEqual(a.words, []string{"1", "two"}) && a.named["three"] == "3" && a.named["four"] == "true"
		}},
		{"-", "", func(a *arguments) bool { return a.file == "-" }},
		{"-l", "", func(a *arguments) bool { return a.list && a.search == "" }},
		{"-lv kprobe:*", "", func(a *arguments) bool { return a.list && a.verbose && a.search == "kprobe:*" }},
		{"-l -e X", "", func(a *arguments) bool { return a.list && a.programSet }},
		{"-l a b", "USAGE:", nil},
		{"-p 12 -e X", "", func(a *arguments) bool { return a.pid == 12 }},
		{"-p a1 -e X", "Failed to parse pid: invalid integer: a1", nil},
		{"-p 1a1 -e X", "Failed to parse pid: invalid trailing bytes: 1a1", nil},
		{"-p 5000000 -e X", "Pid out of range: 5000000", nil},
		{"-p 0 -e X", "Pid out of range: 0", nil},
		{"-p 1 -c true -e X", "USAGE: Cannot use both -c and -p.", nil},
		{"-k --no-warnings -e X", "USAGE: -k, --warnings conflicts with --no-warnings", nil},
		{"--test --bench -e X", "USAGE: --test conflicts", nil},
		{"--mode test -e X", "", func(a *arguments) bool { return a.test }},
		{"--mode format a.bt", "", func(a *arguments) bool { return a.fmt }},
		{"--mode nice -e X", "USAGE: --mode can only be", nil},
		{"-B full -f json -o out -q -e X", "", func(a *arguments) bool {
			return a.buffering == "full" && a.format == "json" && a.output == "out" && a.quiet
		}},
		{"-B some -e X", "USAGE: -B must be either 'line', 'full', or 'none'.", nil},
		{"--cmd= -e X", "USAGE: -c needs a command.", nil},
		{"-f jsonx -e X", `Invalid output format "jsonx"`, nil},
		{"-d ast,asm -e X", "", func(a *arguments) bool { return reflect.DeepEqual(a.stages, []string{"ast", "asm"}) }},
		{"-d codegen-opt -d ssa:cse -e X", "", func(a *arguments) bool { return reflect.DeepEqual(a.stages, []string{"ssa", "ssa:cse"}) }},
		{"-d foo -e X", "USAGE: invalid option for -d: foo", nil},
		{"-d ssa:nope -e X", "USAGE: invalid option for -d: ssa:nope: the passes are all, lower, unreachable, ", nil},
		{"-d ast:x -e X", "USAGE: invalid option for -d: ast:x", nil},
		{"--no-feature uprobe_multi,kprobe_multi -e X", "", func(a *arguments) bool { return len(a.noFeature) == 2 }},
		{"--no-feature all -e X", "USAGE: --no-feature can only have values 'kprobe_multi,kprobe_session,uprobe_multi'.", nil},
		{"--probe-filter ^end$ -e X", "", func(a *arguments) bool { return a.filter.MatchString("end") && !a.filter.MatchString("begin") }},
		{"--probe-filter ( -e X", "USAGE: Invalid --probe-filter regex '('", nil},
		{"-I dir --include a.h --include b.h -e X", "", func(a *arguments) bool { return len(a.includes) == 2 && len(a.includeDirs) == 1 }},
		{"-idonotexist", "USAGE:", nil},
		{"--no-such-option", "USAGE:", nil},
		{"-b --verify-llvm-ir --usdt-file-activation --debuginfo dir -e X", "", func(a *arguments) bool { return a.programSet }},
		{"--help -B --pid", "", func(a *arguments) bool { return a.help && reflect.DeepEqual(a.words, []string{"-B", "--pid"}) }},
		{"--help str pid", "", func(a *arguments) bool { return a.help && len(a.words) == 2 }},
	} {
		a, err := parseArguments(strings.Fields(c.line))
		switch {
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %q", c.line, err, c.want)
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.line, err)
		case c.is != nil && !c.is(a):
			t.Errorf("%s: %+v", c.line, a)
		}
	}
}

func TestWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                       nil,
		" a  b ":                 {"a", "b"},
		`sh -c 'echo "x y"'`:     {"sh", "-c", `echo "x y"`},
		`a\ b "c \"d" ''`:        {"a b", `c "d`, ""},
		"one'two'\"three\" four": {"onetwothree", "four"},
	} {
		if got := words(line); !reflect.DeepEqual(got, want) {
			t.Errorf("%q gives %q", line, got)
		}
	}
}
