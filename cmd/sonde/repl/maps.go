package repl

import (
	"fmt"
	"slices"
	"strings"

	"sonde/lang/check"
	"sonde/runtime/render"
)

// has tells whether a map exists.
func (e *Engine) has(name string) bool {
	return slices.ContainsFunc(e.maps, func(m *check.Map) bool { return m.Name == name })
}

// print writes a map, or a line that it is empty.
func (e *Engine) print(name string) error {
	v, m, err := e.store.Map(name)
	if err != nil {
		return noMap(name)
	}
	out := &lines{w: e.out}
	text := render.NewText(render.Options{Out: out, Err: out, Env: e.store.Env(e.opt.Env)})
	empty, err := isEmpty(m)
	switch {
	case err != nil:
		return err
	case empty:
		e.out.printf("%s is empty\n", name)
		return nil
	}
	if err := text.Map(v, m, 0, 0); err != nil {
		return err
	}
	err = text.Flush()
	out.finish()
	return err
}

func noMap(name string) error {
	return fmt.Errorf("there is no map %s; :maps lists those there are", name)
}

type eacher interface {
	Each(func(key, value []byte) error) error
}

func isEmpty(m eacher) (bool, error) {
	n, err := size(m)
	return n == 0, err
}

func size(m eacher) (n int, err error) {
	err = m.Each(func(_, _ []byte) error { n++; return nil })
	return n, err
}

// listMaps writes what maps there are, how large they are, and what uses them.
func (e *Engine) listMaps() error {
	if len(e.maps) == 0 {
		e.out.printf("no maps yet\n")
	}
	for _, m := range e.maps {
		state := "empty"
		if _, data, err := e.store.Map(m.Name); err == nil {
			n, err := size(data)
			if err != nil {
				return err
			}
			if n > 0 && m.Key != nil {
				state = count(n, "element")
			} else if n > 0 {
				state = "set"
			}
		}
		if users := e.users(m.Name); users != "" {
			state += ", used by " + users
		}
		e.out.printf("%s, %s\n", describeMap(m), state)
	}
	return nil
}

// users names the runs that use a map: "[1], [3]".
func (e *Engine) users(name string) string {
	var numbers []string
	for _, r := range e.running() {
		for _, v := range r.plan.Vars {
			if v.Name == name {
				numbers = append(numbers, fmt.Sprintf("[%d]", r.number))
			}
		}
	}
	return strings.Join(numbers, ", ")
}

// clear empties a map. One that nothing uses is forgotten, so that its name is free
// for other types.
func (e *Engine) clear(name string) error {
	_, m, err := e.store.Map(name)
	if err != nil {
		return noMap(name)
	}
	if e.users(name) != "" {
		return m.Clear()
	}
	e.store.Drop(name)
	e.maps = slices.DeleteFunc(e.maps, func(m *check.Map) bool { return m.Name == name })
	return nil
}

// forgetUnborn drops the maps that a run made which then came to nothing.
func (e *Engine) forgetUnborn() {
	for _, v := range e.store.Vars() {
		if !e.has(v.Name) {
			e.store.Drop(v.Name)
		}
	}
}
