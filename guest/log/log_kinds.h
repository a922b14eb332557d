/* SPDX-License-Identifier: MIT */
/* The ways in which kernels have kept their log, the youngest first. */
#pragma once

#include "guest/log/log_reader.h"

/* Each reads the log of some kernels, where gc_log_has_*() says so. */
bool gc_log_has_ring(const GcVmcoreinfoText *text);
bool gc_log_read_ring(GcLogReader *reader, GError **error);
bool gc_log_has_records(const GcVmcoreinfoText *text);
bool gc_log_read_records(GcLogReader *reader, GError **error);
bool gc_log_has_plain(const GcVmcoreinfoText *text);
bool gc_log_read_plain(GcLogReader *reader, GError **error);
