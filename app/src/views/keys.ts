/** The keys of a view: they act while the view is shown, and never while the user types text. */
import { byId } from "../dom.ts";
import type { Sheet } from "../pen/sheet.ts";

/**
 * Connects undo, redo and clear: keys, and buttons before the other tools of the view.
 *
 * @param others handles the remaining keys; returns whether it acted on a key.
 * @returns a function that updates the buttons after a change of the sheet.
 */
export function connectKeys(
  root: HTMLElement,
  sheet: Sheet,
  others: (key: string) => boolean = () => false,
): () => void {
  root.querySelector(".tools")!.prepend(byId<HTMLTemplateElement>("history-tools").content.cloneNode(true));
  const button = (action: string): HTMLButtonElement => root.querySelector(`[data-action="${action}"]`)!;
  const [undo, redo, clear] = [button("undo"), button("redo"), button("clear")];
  undo.addEventListener("click", () => sheet.undo());
  redo.addEventListener("click", () => sheet.redo());
  clear.addEventListener("click", () => sheet.clear());
  document.addEventListener("keydown", (event) => {
    const target = event.target as Element;
    if (root.hidden || target.matches("input:not([type=radio], [type=range]), textarea")) return;
    if (act(event)) event.preventDefault();
  });

  function act(event: KeyboardEvent): boolean {
    const key = event.key.toLowerCase();
    if (event.altKey) return false;
    if (event.ctrlKey || event.metaKey) {
      if (key === "y" || (key === "z" && event.shiftKey)) sheet.redo();
      else if (key === "z") sheet.undo();
      else return false;
    } else if (key === "backspace") sheet.undo();
    else if (key === "escape" || key === "delete") sheet.clear();
    else return others(event.key);
    return true;
  }

  return () => {
    // Not `disabled`: a focused button would lose the focus.
    undo.setAttribute("aria-disabled", String(!sheet.history.canUndo));
    redo.setAttribute("aria-disabled", String(!sheet.history.canRedo));
    clear.setAttribute("aria-disabled", String(!sheet.history.strokes.length));
  };
}
