package check_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sonde/lang/check/checktest"
	"sonde/lang/check/hosttest"
)

// generator writes scripts that parse, and now and then even mean something.
type generator struct {
	*rand.Rand
	depth int
}

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) expr() string {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth > 5 || g.IntN(4) == 0 {
		return g.leaf()
	}
	x := g.expr
	switch g.IntN(18) {
	case 0, 1, 2, 3:
		return fmt.Sprintf("(%s %s %s)", x(), g.pick("+", "-", "*", "/", "%", "==", "<", ">=", "&&", "||", "&", "|", "^", "<<", ">>"), x())
	case 4:
		return g.pick("-", "!", "~", "*") + x()
	case 5:
		return fmt.Sprintf("(%s ? %s : %s)", x(), x(), x())
	case 6:
		return fmt.Sprintf("(%s)%s", g.typ(), x())
	case 7:
		return fmt.Sprintf("(%s, %s)", x(), x())
	case 8:
		return fmt.Sprintf("(a=%s, b=%s)", x(), x())
	case 9:
		return fmt.Sprintf("%s.%s", x(), g.pick("0", "1", "a", "b", "pid", "comm", "real_parent", "next_pid"))
	case 10:
		return fmt.Sprintf("%s[%s]", x(), x())
	case 11:
		return fmt.Sprintf("{ %s %s }", g.stmt(), x())
	case 12:
		return fmt.Sprintf("%s(%s)", g.pick("str", "ksym", "sizeof", "nsecs", "strlen", "twice", "own", "exit", "kstack"), x())
	case 13:
		return fmt.Sprintf("has_key(%s, %s)", g.mapName(), x())
	case 14:
		return fmt.Sprintf("sizeof(%s)", g.typ())
	case 15:
		return g.pick("&$a", "&@m", "$a++", "--@s", "$b--", "@m[1]++")
	case 16:
		return fmt.Sprintf("strncmp(%s, %s, 3)", x(), x())
	}
	return fmt.Sprintf("%s[%s, %s]", g.mapName(), x(), x())
}

func (g *generator) leaf() string {
	return g.pick("0", "1", "-1", "300", "0xffffffffffffffff", `"abc"`, `""`, "true", "$a", "$b", "$c", "@s", "@m[1]", "pid", "comm",
		"nsecs", "curtask", "args", "arg0", "probe", "$1", "$2", "$9", "()", "5s", "LIMIT", "kstack", "retval")
}

func (g *generator) typ() string {
	return g.pick("int8", "uint64", "bool", "int32*", "struct task_struct*", "uint8[4]", "int8[]", "string[8]", "struct own", "void*",
		"enum color", "typeof($a)", "typeof(@m)", "string", "kstack_t", "struct none*")
}

func (g *generator) mapName() string { return g.pick("@m", "@s", "@c", "@t") }

func (g *generator) stmt() string {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth > 5 {
		return "$a = 1;"
	}
	switch g.IntN(14) {
	case 0, 1, 2:
		return fmt.Sprintf("%s = %s;", g.pick("$a", "$b", "$c", "@s", "@t"), g.expr())
	case 3:
		return fmt.Sprintf("%s[%s] = %s;", g.mapName(), g.expr(), g.expr())
	case 4:
		return fmt.Sprintf("%s %s= %s;", g.pick("$a", "@s", "@m[1]"), g.pick("+", "-", "*", "<<", "|"), g.expr())
	case 5:
		return fmt.Sprintf("@c = %s(%s);", g.pick("count", "sum", "hist"), g.pick("", g.expr()))
	case 6:
		return fmt.Sprintf("if (%s) { %s } else { %s }", g.expr(), g.stmt(), g.stmt())
	case 7:
		return fmt.Sprintf("for ($i : %s..%s) { %s }", g.leaf(), g.leaf(), g.stmt())
	case 8:
		return fmt.Sprintf("for ($kv : %s) { print($kv.0); %s }", g.mapName(), g.stmt())
	case 9:
		return fmt.Sprintf("let %s : %s = %s;", g.pick("$a", "$d", "$e"), g.typ(), g.expr())
	case 10:
		return fmt.Sprintf("%s(%s);", g.pick("print", "clear", "delete", "printf"), g.expr())
	case 11:
		return fmt.Sprintf("if comptime (%s) { %s }", g.expr(), g.stmt())
	case 12:
		return fmt.Sprintf("unroll(%s) { %s }", g.leaf(), g.stmt())
	}
	return fmt.Sprintf("_ = %s;", g.expr())
}

func (g *generator) script() string {
	var b strings.Builder
	b.WriteString("#define LIMIT (1 + 2)\nstruct own { int a : 3; struct own *b; };\nenum color { RED, BLUE };\nmacro own(x) { let $x = x; ($x, x) }\n")
	for range 1 + g.IntN(3) {
		fmt.Fprintf(&b, "%s { $a = %s; ", g.pick("begin", "interval:1s", "kprobe:vfs_*", "tracepoint:sched:sched_*", "fexit:vfs_read", "nope:x"), g.leaf())
		for range 1 + g.IntN(5) {
			b.WriteString(g.stmt())
			b.WriteByte(' ')
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// TestRandomScripts holds FuzzCheck's promises for scripts made of the language's
// own pieces, which mutated bytes seldom are.
func TestRandomScripts(t *testing.T) {
	g := &generator{Rand: rand.New(rand.NewPCG(7, 11))}
	lib, host := checktest.New(), hosttest.New()
	parsed, accepted := 0, 0
	for range 600 {
		text := g.script()
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("panic: %v\n%s", r, text)
					panic(r)
				}
			}()
			out := outcome(t, lib, host, text)
			if out != "" {
				parsed++
			}
			if out != "" && !strings.Contains(out, "ERROR") {
				accepted++
			}
		}()
		if t.Failed() {
			t.Fatal(text)
		}
	}
	if parsed < 400 {
		t.Errorf("only %d scripts parse", parsed)
	}
	t.Logf("%d scripts parse, %d are accepted", parsed, accepted)
}
