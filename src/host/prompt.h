/* SPDX-License-Identifier: MIT
 *
 * Line editing, history and completion for the prompt, on libedit. Layer: host.
 */
#ifndef CHL_HOST_PROMPT_H
#define CHL_HOST_PROMPT_H

#include <lua.h>

/* readline(prompt) → line without its newline, nil at the end of input, or nil and
 * "interrupted" after Ctrl-C. Without a terminal it reads plain lines, no prompt. */
int chl_prompt_readline(lua_State *L);
/* complete(f): f(line, word) → list of full words; nil switches completion off. */
int chl_prompt_complete(lua_State *L);
/* history(path) loads the file, history(path, true) writes it; at most 2,000 lines are
 * kept. */
int chl_prompt_history(lua_State *L);

#endif
