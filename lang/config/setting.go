package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sonde/lang/source"
)

// Kind says what values a setting takes.
type Kind uint8

const (
	// Number is an unsigned integer, in the setting's range.
	Number Kind = iota
	// Bool is true or false, or 1 or 0.
	Bool
	// Word is one of a few words.
	Word
	// Text is anything.
	Text
)

// Setting is all there is to know about one setting. Documentation and --help
// are made from it.
type Setting struct {
	// Name is as in a config block: max_strlen.
	Name string
	Kind Kind
	// Default as a script would write it; "" of a Word means that the value is
	// chosen by circumstances that Doc names.
	Default string
	// Min and Max bound a Number, both included.
	Min, Max uint64
	// Words are what a Word can be. Case does not matter.
	Words []string
	// Doc is Markdown, first sentence first.
	Doc string

	number func(*Config) *uint64
	truth  func(*Config) *bool
	text   func(*Config) *string
}

// EnvName is the environment variable that changes the setting.
func (s *Setting) EnvName() string { return Prefix + strings.ToUpper(s.Name) }

// Get gives the setting's value in c, as a script would write it.
func (s *Setting) Get(c *Config) string {
	switch {
	case s.number != nil:
		return strconv.FormatUint(*s.number(c), 10)
	case s.truth != nil:
		return strconv.FormatBool(*s.truth(c))
	case s.text != nil:
		return *s.text(c)
	}
	return c.Unstable[s.Name]
}

// set parses value and stores it in c.
func (s *Setting) set(c *Config, value string) error {
	switch s.Kind {
	case Number:
		n, err := strconv.ParseUint(strings.ReplaceAll(value, "_", ""), 0, 64)
		if err != nil {
			return fmt.Errorf("%s: expecting a number, got %q", s.Name, value)
		}
		if n < s.Min || n > s.Max {
			return fmt.Errorf("%s: %d is out of range: valid values are %s", s.Name, n, s.rangeText())
		}
		*s.number(c) = n
	case Bool:
		switch strings.ToLower(value) {
		case "true", "1":
			*s.truth(c) = true
		case "false", "0":
			*s.truth(c) = false
		default:
			return fmt.Errorf("%s: Invalid bool value: valid values are true, false, 1 or 0", s.Name)
		}
	case Word:
		word, ok := s.word(value)
		if !ok {
			return fmt.Errorf("Invalid value for %s: valid values are %s", s.Name, strings.Join(s.Words, ", "))
		}
		if s.text != nil {
			*s.text(c) = word
		} else {
			c.Unstable = with(c.Unstable, s.Name, word)
		}
	case Text:
		*s.text(c) = value
	}
	return nil
}

// word finds the spelling of the table for a value; feature flags are also
// switched by true and false.
func (s *Setting) word(value string) (string, bool) {
	if value == "" && s.Default == "" {
		return "", true
	}
	if slices.Equal(s.Words, stability) {
		switch strings.ToLower(value) {
		case "true", "1":
			value = "enable"
		case "false", "0":
			value = "error"
		}
	}
	for _, w := range s.Words {
		if strings.EqualFold(w, value) {
			return w, true
		}
	}
	return "", false
}

func (s *Setting) rangeText() string {
	if s.Max == math.MaxUint64 {
		return fmt.Sprintf("%d and up", s.Min)
	}
	return fmt.Sprintf("%d to %d", s.Min, s.Max)
}

// normal gives the name as the table has it.
func normal(name string) string {
	name = strings.ToLower(name)
	return strings.TrimPrefix(name, strings.ToLower(Prefix))
}

func find(name string) *Setting {
	name = normal(name)
	if to, ok := renamed[name]; ok {
		name = to
	}
	for _, s := range Settings {
		if s.Name == name {
			return s
		}
	}
	return nil
}

func lookup(name string) (*Setting, error) {
	if s := find(name); s != nil {
		return s, nil
	}
	if slices.Contains(envOnly, normal(name)) {
		return nil, fmt.Errorf("%s: can only be set as an environment variable", name)
	}
	var names []string
	for _, s := range Settings {
		names = append(names, s.Name)
	}
	return nil, &UnknownError{name, source.Closest(normal(name), names)}
}

// UnknownError says that there is no such setting.
type UnknownError struct {
	Name string
	// Close is the nearest name that exists, "" when none is near.
	Close string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("%s: not a known configuration option", e.Name)
}
