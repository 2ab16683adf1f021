// What is said in one line at the bottom.
import {$} from "./lib.js";

/** Say something, with a way back for a while if `undo` is given. */
export function toast(text, undo) {
  const said = document.createElement("div");
  said.className = "toast";
  said.append(text);
  if (undo) {
    const button = document.createElement("button");
    button.className = "b";
    button.textContent = "Undo";
    button.addEventListener("click", () => { undo(); said.remove(); });
    said.append(button);
  }
  $(".toasts").append(said);
  setTimeout(() => said.remove(), undo ? 8000 : 3500);
}
