/* SPDX-License-Identifier: MIT */
/* Signals that end a dump, but not the program before it has cleaned up. */
#pragma once

/* From now on SIGINT, SIGTERM and SIGHUP are only noted down. */
void interrupt_catch(void);

/* The signal that came, the last one if there were several; 0 if none did. */
int interrupt_get(void);
