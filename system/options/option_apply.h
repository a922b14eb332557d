/* SPDX-License-Identifier: MIT */
/* What the options do, for the table that names them. */
#pragma once

#include "system/options/config.h"

/* Whether @value asks for a list instead of being one of it. */
bool gc_option_is_help(const char *value);

/* Puts a copy of @value where another may be. */
void gc_option_replace(char **at, const char *value);

/* "'@value' is not @what".  Always false. */
bool gc_option_refuse(const char *value, const char *what, GError **error);

/* Each puts the value of the option it is named after into @config. */
bool gc_option_apply_machine(GcConfig *config, const char *value,
                             GError **error);
bool gc_option_apply_accel(GcConfig *config, const char *value, GError **error);
bool gc_option_apply_memory(GcConfig *config, const char *value,
                            GError **error);
bool gc_option_apply_smp(GcConfig *config, const char *value, GError **error);
bool gc_option_apply_uuid(GcConfig *config, const char *value, GError **error);
bool gc_option_apply_boot(GcConfig *config, const char *value, GError **error);
bool gc_option_apply_device(GcConfig *config, const char *value,
                            GError **error);
bool gc_option_apply_global(GcConfig *config, const char *value,
                            GError **error);
bool gc_option_apply_fw_cfg(GcConfig *config, const char *value,
                            GError **error);
bool gc_option_apply_object(GcConfig *config, const char *value,
                            GError **error);
bool gc_option_apply_kernel(GcConfig *config, const char *value,
                            GError **error);
bool gc_option_apply_initrd(GcConfig *config, const char *value,
                            GError **error);
bool gc_option_apply_action(GcConfig *config, const char *value,
                            GError **error);
bool gc_option_apply_dump_on_panic(GcConfig *config, const char *value,
                                   GError **error);
bool gc_option_apply_append(GcConfig *config, const char *value,
                            GError **error);
