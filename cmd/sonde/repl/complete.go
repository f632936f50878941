package repl

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sonde/lang/check"
	"sonde/lang/config"
	"sonde/stdlib/record"
)

// Complete gives what the last word of a text can become: each candidate is a whole word
// that begins with it, and from is where in the text it stands. Sorted.
func (e *Engine) Complete(text string) (candidates []string, from int) {
	if strings.HasPrefix(text, ":") {
		return e.completeCommand(text)
	}
	at := scan(text)
	if at.quoted || at.comment {
		return nil, len(text)
	}
	outside := len(at.closers) == 0
	if from = strings.LastIndexAny(text, " \t\n,;") + 1; outside && strings.Contains(text[from:], ":") {
		return withPrefix(e.probeNames(text[from:]), text[from:]), from
	}
	from = wordStart(text)
	if base, ok := memberOf(text[:from]); ok {
		return withPrefix(e.members(base), text[from:]), from
	}
	if strings.HasSuffix(text[:from], ".") || strings.HasSuffix(text[:from], "->") {
		return nil, len(text)
	}
	names := e.namesFor(text[:from], text[from:])
	if before := strings.TrimSpace(text[:from]); outside && (before == "" || strings.IndexByte(",};", before[len(before)-1]) >= 0) {
		names = append(names, e.providerNames()...)
	}
	return withPrefix(names, text[from:]), from
}

// namesFor gives what a word in an expression or statement can be, by what stands
// before it and its first letter.
func (e *Engine) namesFor(before, word string) []string {
	left := strings.TrimRight(before, " \t")
	if kind := left[wordStart(left):]; isTag(kind) && left != before {
		if btf := e.opt.Host.BTF(); btf != nil && word != "" {
			return btf.Names(kind)
		}
		return nil
	}
	switch {
	case inConfig.MatchString(before):
		return settings()
	case strings.HasPrefix(word, "@"):
		return append(e.mapNames(""), sigils(before, '@')...)
	case strings.HasPrefix(word, "$"):
		return sigils(before, '$')
	}
	return e.vocabularyOfScripts()
}

// inConfig is the beginning of a block of settings, up to where one's name stands.
var inConfig = regexp.MustCompile(`(^|[;\s])config\s*=\s*\{([^{}]*[;\n])?\s*$`)

// keywords begin statements and expressions.
var keywords = []string{
	"break", "continue", "else", "false", "for", "if", "let", "macro", "return", "struct", "true", "union", "enum", "unroll", "while",
}

// vocabularyOfScripts is what can be written in a body: names of values, names of
// functions with the parenthesis, keywords.
func (e *Engine) vocabularyOfScripts() []string {
	names := slices.Clone(keywords)
	for _, name := range e.opt.Library.Names("func") {
		switch b := e.opt.Library.Builtin(name); {
		case b == nil: // written in the language
			name += "("
		case b.Indexed != "":
			name = b.Indexed + "0"
		case b.Shape != check.Value:
			name += "("
		}
		names = append(names, name)
	}
	return names
}

// vocabulary is what :doc knows of the language.
func (e *Engine) vocabulary(string) []string {
	return slices.Concat(e.opt.Library.Names("func"), e.opt.Library.Names("provider"), settings())
}

func settings() []string {
	var names []string
	for _, s := range config.Settings {
		names = append(names, s.Name)
	}
	return names
}

func (e *Engine) completeCommand(text string) ([]string, int) {
	name, arg, hasArg := strings.Cut(text[1:], " ")
	if !hasArg {
		var names []string
		for _, c := range commands() {
			names = append(names, ":"+c.name)
		}
		return withPrefix(names, text), 0
	}
	c, err := findCommand(name)
	if err != nil {
		return nil, len(text)
	}
	from := len(text) - len(arg)
	if c.complete == nil {
		// An expression, if anything.
		names, at := e.Complete(arg)
		return names, from + at
	}
	return withPrefix(c.complete(e, arg), arg), from
}

func (e *Engine) mapNames(string) []string {
	var names []string
	for _, m := range e.maps {
		names = append(names, m.Name)
	}
	return names
}

func (e *Engine) runNumbers(string) []string {
	numbers := []string{"all"}
	for _, r := range e.running() {
		numbers = append(numbers, strconv.Itoa(r.number))
	}
	return numbers
}

// fileNames gives the files whose path begins with arg; folders end with a slash.
func fileNames(_ *Engine, arg string) []string {
	dir, _ := filepath.Split(arg)
	list, err := os.ReadDir(filepath.Clean("./" + dir))
	if filepath.IsAbs(dir) {
		list, err = os.ReadDir(dir)
	}
	if err != nil {
		return nil
	}
	var names []string
	for _, f := range list {
		name := dir + f.Name()
		if f.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	return names
}

// probeNames gives what a word that names a probe can become, up to the next colon.
func (e *Engine) probeNames(word string) []string {
	provider, rest, ok := strings.Cut(word, ":")
	if !ok {
		return e.providerNames() // as an argument of :list
	}
	p := e.opt.Library.Probe(provider)
	if p == nil || p.List == nil || strings.ContainsAny(rest, `*?[`) {
		return nil
	}
	known := rest[:strings.LastIndexByte(rest, ':')+1]
	key := p.Name + ":" + known
	names, ok := e.lists[key]
	if !ok {
		names, _ = p.List(e.opt.Host, strings.Split(known+"*", ":"), e.opt.Check.PID) // no list, no completion
		e.lists[key] = names
	}
	var out []string
	at := strings.Count(known, ":")
	for _, name := range names {
		parts := strings.Split(name, ":")[1:]
		switch last := len(parts) - 1; {
		case at > last:
		case at == last:
			out = append(out, provider+":"+known+parts[at])
		default:
			out = append(out, provider+":"+known+parts[at]+":")
			if parts[last] != "" && mayHave(p, at+1) {
				out = append(out, provider+":"+known+parts[last])
			}
		}
	}
	if i := strings.LastIndexByte(rest, ':') + 1; strings.HasPrefix(rest[i:], "/") {
		for _, file := range fileNames(e, rest[i:]) {
			out = append(out, word[:len(word)-len(rest[i:])]+file)
		}
	}
	return out
}

// mayHave tells that names of a probe type may have as few parts behind it as given: some need
// no module.
func mayHave(p *record.Probe, parts int) bool {
	return slices.ContainsFunc(p.Syntax, func(form string) bool { return strings.Count(form, ":") == parts })
}

// providerNames gives the probe types, with a colon where more must follow.
func (e *Engine) providerNames() []string {
	var names []string
	for _, p := range e.opt.Library.Probes() {
		colon := ":"
		if slices.Contains(p.Syntax, p.Name) {
			colon = ""
		}
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			names = append(names, name+colon)
		}
	}
	return names
}

// withPrefix keeps those that begin with the prefix, sorted, each once; none when that is
// only the prefix itself.
func withPrefix(names []string, prefix string) []string {
	var out []string
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) == 1 && out[0] == prefix {
		return nil
	}
	return out
}
