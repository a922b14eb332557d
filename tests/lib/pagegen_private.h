/* SPDX-License-Identifier: MIT */
/* The inside of a Pagegen, for its source files. */
#pragma once

#include "tests/lib/pagegen.h"

uint64_t pagegen_get_page_size(const Pagegen *pages);

/* The page of memory in which the struct pages at @vaddr lie. */
GcPaddr pagegen_get_frame(const Pagegen *pages, uint64_t vaddr);

/* Maps one page, or writes the last entry of the page tables for @vaddr. */
void pagegen_map_page(Pagegen *pages, uint64_t vaddr, GcPaddr paddr);
void pagegen_put_entry(Pagegen *pages, uint64_t vaddr, uint64_t entry);

/* Writes a page type; the order of a compound page; a page of hugetlbfs. */
void pagegen_put_type(Pagegen *pages, GcPfn pfn, int64_t type);
void pagegen_put_order(Pagegen *pages, GcPfn head, unsigned order);
void pagegen_put_huge(Pagegen *pages, GcPfn pfn, unsigned order);
