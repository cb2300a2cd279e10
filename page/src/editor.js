/** A rule's text in CodeMirror: findings under their lines, completion by the schema. A bundle of its own. */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers, WidgetType,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { offersAt } from "./completion.js";

/** @import { Finding, Fix } from "./documents.js" */
/** @import { CompletionContext, CompletionResult } from "@codemirror/autocomplete" */
/** @import { Diagnostic } from "@codemirror/lint" */
/** @import { DecorationSet } from "@codemirror/view" */
/**
 * @typedef {{text: () => string, show: (findings: Finding[]) => void, focus: () => void, close: () => void}} Editor
 * @typedef {{text: string, schema: import("./completion.js").Schema, label: string, changed: () => void}} Edited
 */

/**
 * Open an editor in an element.
 *
 * It stands in a shadow root: there CodeMirror adopts its style sheets, which the page's security policy lets in.
 *
 * @param {HTMLElement} place
 * @param {Edited} edited
 * @returns {Editor}
 */
export function openEditor(place, { text, schema, label, changed }) {
  const root = place.shadowRoot ?? place.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
        highlightActiveLine(), yaml(), syntaxHighlighting(COLOURS), lintGutter(), underLines, theme,
        autocompletion({ override: [(context) => completed(schema, context)], icons: false }),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        EditorView.updateListener.of((update) => update.docChanged && changed()),
        EditorView.lineWrapping,
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    show: (findings) => show(view, findings),
    focus: () => view.focus(),
    close: () => view.destroy(),
  };
}

const COLOURS = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: "var(--key)" },
  { tag: [tags.string, tags.content], color: "var(--ink)" },
  { tag: [tags.comment, tags.meta], color: "var(--faint)" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--faint)" },
  { tag: [tags.keyword, tags.labelName], color: "var(--accent)" },
]);
const theme = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "0.875rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--mono)", padding: "0.75rem 0", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--sunk)", color: "var(--faint)", border: "none" },
  ".cm-activeLine": { backgroundColor: "var(--active)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--active)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selected)",
  },
  ".cm-tooltip": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "6px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxWidth: "min(40rem, 85vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.25rem 0.625rem", whiteSpace: "normal" },
  ".cm-completionDetail": { fontStyle: "normal", color: "inherit", opacity: "1", marginLeft: "1em" },
  ".cm-under": {
    padding: "0.25rem 0.75rem", margin: "0.125rem 0 0.375rem 0.5rem", borderLeft: "3px solid var(--error)",
    backgroundColor: "var(--error-back)", color: "var(--error)", fontSize: "0.8125rem", fontFamily: "var(--sans)",
  },
  ".cm-under.warning, .cm-under.note": {
    borderLeftColor: "var(--warning)", backgroundColor: "var(--warning-back)", color: "var(--warning)",
  },
  ".cm-under button": {
    font: "inherit", color: "inherit", background: "none", border: "1px solid currentColor", borderRadius: "4px",
    marginLeft: "0.5rem", padding: "0.125rem 0.5rem", minHeight: "24px", cursor: "pointer",
  },
});

const setUnder = /** @type {import("@codemirror/state").StateEffectType<Finding[]>} */ (StateEffect.define());
/** @type {StateField<DecorationSet>} */
const underLines = StateField.define({
  create: () => Decoration.none,
  update: (shown, transaction) => {
    const found = transaction.effects.find((effect) => effect.is(setUnder));
    return found ? widgets(transaction.state, found.value) : shown.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** A finding under the line that it is about. */
class Under extends WidgetType {
  /** @param {Finding} finding */
  constructor(finding) {
    super();
    this.finding = finding;
  }

  /** @param {Under} other @override */
  eq(other) {
    return JSON.stringify(other.finding) === JSON.stringify(this.finding);
  }

  /** @param {EditorView} view @override */
  toDOM(view) {
    const { severity, message, hint, fixes } = this.finding;
    const shown = document.createElement("div");
    shown.className = `cm-under ${severity}`;
    shown.append(`${severity}: ${message}${hint ? `; ${hint}` : ""}`);
    for (const fix of fixes) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `write ${fix.new}`;
      button.onclick = () => mend(view, fix);
      shown.append(button);
    }
    return shown;
  }

  /** @override */
  ignoreEvent() {
    return true;
  }
}

/**
 * @param {EditorState} state
 * @param {Finding[]} findings
 */
function widgets(state, findings) {
  const shown = findings.map((finding) => Decoration.widget({ widget: new Under(finding), block: true, side: 1 }).range(
    lineOf(state, finding.places[0]?.line ?? 1).to,
  ));
  return Decoration.set(shown, true);
}

/**
 * @param {EditorView} view
 * @param {Finding[]} findings
 */
function show(view, findings) {
  const diagnostics = findings.flatMap((finding) => finding.places.map((place) => diagnostic(view.state, finding, place)));
  view.dispatch({ effects: setUnder.of(findings) });
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

/**
 * @param {EditorState} state
 * @param {Finding} finding
 * @param {{line: number, column: number}} place
 * @returns {Diagnostic}
 */
function diagnostic(state, { severity, message, hint, fixes, code }, { line, column }) {
  const whole = lineOf(state, line);
  const from = Math.min(whole.from + Math.max(column - 1, 0), whole.to);
  return {
    from,
    to: Math.max(whole.to, from),
    severity: severity === "note" ? "info" : severity,
    message: hint ? `${message}; ${hint}` : message,
    source: code,
    actions: fixes.map((fix) => ({ name: `write ${fix.new}`, apply: (view) => mend(view, fix) })),
  };
}

/**
 * @param {EditorView} view
 * @param {Fix} fix
 */
function mend(view, fix) {
  const line = lineOf(view.state, fix.line);
  const from = line.from + fix.column - 1;
  if (view.state.sliceDoc(from, from + fix.old.length) !== fix.old) return;
  view.dispatch({ changes: { from, to: from + fix.old.length, insert: fix.new } });
  view.focus();
}

/**
 * @param {EditorState} state
 * @param {number} line
 */
function lineOf(state, line) {
  return state.doc.line(Math.min(Math.max(line, 1), state.doc.lines));
}

/**
 * @param {import("./completion.js").Schema} schema
 * @param {CompletionContext} context
 * @returns {CompletionResult|null}
 */
function completed(schema, context) {
  const { from, offers } = offersAt(schema, context.state.doc.toString(), context.pos);
  if (!offers.length || (from === context.pos && !context.explicit)) return null;
  return {
    from,
    validFor: /^[\w$.-]*$/,
    options: offers.map(({ label, detail, key }) => ({
      label, detail, apply: key ? `${label}: ` : label, type: key ? "property" : "constant",
    })),
  };
}
