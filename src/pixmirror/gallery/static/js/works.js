// The grid of works, wherever a page has one.
import {$} from "./lib.js";
import {rest} from "./grid.js";
import "./place.js";

if ($("#scrub")) await import("./scrub.js");
rest();
