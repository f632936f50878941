package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"sonde/lang/types"
	"sonde/lang/types/tracepoint"
)

// tracingDirs are where tracefs is mounted.
var tracingDirs = []string{"sys/kernel/tracing", "sys/kernel/debug/tracing"}

// Help with the usual obstacles.
const (
	mountTracefs = "tracefs is not mounted; as root, type: mount -t tracefs nodev /sys/kernel/tracing"
	readTracefs  = "run as root, or with CAP_DAC_READ_SEARCH"
)

// findTracing gives tracefs' folder.
func (h *Host) findTracing() (string, error) {
	var refused error
	for _, dir := range tracingDirs {
		_, err := os.Stat(h.at(dir + "/events"))
		switch {
		case err == nil:
			return h.at(dir), nil
		case errors.Is(err, fs.ErrPermission) && refused == nil:
			refused = notPermitted(err, "/"+dir, readTracefs)
		}
	}
	if refused != nil {
		return "", refused
	}
	return "", errors.New(mountTracefs)
}

// noEvents are folders below events that hold no tracepoints: what is in ftrace
// are the forms of the tracer's own records.
const noEvents = "ftrace"

// Tracepoints implements check.Host. One event costs one stat, the events of one
// category one listing.
func (h *Host) Tracepoints(category, event string) ([]string, error) {
	dir, err := h.tracing()
	if err != nil {
		return nil, err
	}
	dir = path.Join(dir, "events")
	categories := []string{category}
	if !literal(category) {
		all, err := dirs(dir)
		if err != nil {
			return nil, notPermitted(err, dir, readTracefs)
		}
		if categories, err = matching(category, all); err != nil {
			return nil, err
		}
	}
	var list []string
	for _, c := range categories {
		if c == noEvents || strings.Contains(c, "/") {
			continue
		}
		events := []string{event}
		if literal(event) {
			if _, err := os.Stat(path.Join(dir, c, event, "format")); err != nil || strings.Contains(event, "/") {
				continue
			}
		} else {
			all, err := dirs(path.Join(dir, c))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, notPermitted(err, dir, readTracefs)
			}
			if events, err = matching(event, all); err != nil {
				return nil, err
			}
		}
		for _, e := range events {
			list = append(list, c+":"+e)
		}
	}
	return list, nil
}

type formatResult struct {
	format *tracepoint.Format
	err    error
}

// TracepointFormat implements check.Host: one file is read.
func (h *Host) TracepointFormat(category, event string) (*types.Struct, uint64, error) {
	name := category + ":" + event
	h.mu.Lock()
	r, ok := h.formats[name]
	h.mu.Unlock()
	if !ok {
		r.format, r.err = h.readFormat(category, event)
		h.mu.Lock()
		h.formats[name] = r
		h.mu.Unlock()
	}
	if r.err != nil {
		return nil, 0, r.err
	}
	return r.format.Record, r.format.ID, nil
}

func (h *Host) readFormat(category, event string) (*tracepoint.Format, error) {
	dir, err := h.tracing()
	if err != nil {
		return nil, err
	}
	if strings.Contains(category+event, "/") {
		return nil, fmt.Errorf("tracepoint %s:%s: %w", category, event, fs.ErrNotExist)
	}
	name := path.Join(dir, "events", category, event, "format")
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tracepoint %s:%s: %w", category, event, fs.ErrNotExist)
	}
	if err != nil {
		return nil, notPermitted(err, name, readTracefs)
	}
	return tracepoint.Parse(category, event, string(text), h.BTF)
}

// DynamicEvent implements check.Host. The kernel lists such events, one a line:
// TYPE:CATEGORY/EVENT WHAT.
func (h *Host) DynamicEvent(category, event string) bool { return h.dynamic()[category+"/"+event] }

func (h *Host) readDynamic() map[string]bool {
	events := map[string]bool{}
	dir, err := h.tracing()
	if err != nil {
		return events
	}
	// Who may not read the list may attach to none of them.
	text, _ := os.ReadFile(path.Join(dir, "dynamic_events"))
	for line := range strings.Lines(string(text)) {
		_, rest, _ := strings.Cut(line, ":")
		if words := strings.Fields(rest); len(words) > 0 {
			events[words[0]] = true
		}
	}
	return events
}

// RawTracepoints implements check.Host. The type information knows them; without
// it, those that have an event are listed.
func (h *Host) RawTracepoints(glob string) ([]string, error) {
	if b := h.BTF(); b != nil {
		if literal(glob) {
			if _, ok := b.RawTracepoint(glob); ok {
				return []string{glob}, nil
			}
			return nil, nil
		}
		return matching(glob, b.Names("rawtracepoint"))
	}
	all, err := h.Tracepoints("*", "*")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, name := range all {
		// The events of single system calls are made of sys_enter and sys_exit.
		if category, event, _ := strings.Cut(name, ":"); category != "syscalls" {
			names = append(names, event)
		}
	}
	return matching(glob, names)
}
