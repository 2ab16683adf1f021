// A form that changes one element: the same route answers with it; `data-swap` names it.
import {$, $$} from "./lib.js";
import {Refused, fragment, replace} from "./fetched.js";

const nameOf = button => button?.getAttribute("aria-label") ?? button?.textContent.trim();

/** Say beside the button why nothing was done. */
function complain(form, sentence) {
  $(".err", form)?.remove();
  const said = document.createElement("p");
  said.className = "err";
  said.setAttribute("role", "alert");
  said.textContent = sentence;
  form.append(said);
}

/** Give the focus to the button that was pressed, as it is now, or to what is nearest. */
function focus(now, pressed) {
  const buttons = $$("button:not([disabled])", now);
  (buttons.find(button => nameOf(button) === nameOf(pressed)) ?? buttons[0] ?? now).focus();
}

/** Send a form, by the button that was pressed, and put the answer in the place of what it names. */
export async function swap(form, pressed) {
  if (pressed?.disabled) return;  // it is on its way
  const old = document.getElementById(form.dataset.swap), body = new URLSearchParams(new FormData(form, pressed));
  const opened = $$("details[open][id]", old).map(details => details.id);
  if (pressed) pressed.disabled = true;
  try {
    const now = replace(old, await fragment(form.action, {method: "POST", body}));
    for (const id of opened) $(`#${id}`, now)?.setAttribute("open", "");
    focus(now, pressed);
  } catch (error) {
    if (pressed) pressed.disabled = false;
    pressed?.focus();
    if (error instanceof Refused) complain(form, error.message);
    else if (error instanceof TypeError) complain(form, "The gallery does not answer. Is it still running?");
    else throw error;
  }
}
