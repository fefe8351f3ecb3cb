#include "task.h"

#include "command.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A slot keeps its room for text from one document to the next, but not what one large document needed. */
enum { FIRST_ROOM = 1 << 12, KEPT_ROOM = 1 << 18 };

void task_fail(struct task *task, const char *format, ...)
{
    task->status = STATUS_FAILED;
    if (task->fault[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(task->fault, sizeof task->fault, format, arguments);
    va_end(arguments);
}

static bool make_room(struct task *task, size_t more)
{
    size_t room = task->room ? task->room : FIRST_ROOM;
    if (more > SIZE_MAX / 4 - task->size)
        return false;
    while (room <= task->size + more)
        room *= 2;
    if (room == task->room)
        return true;
    char *text = realloc(task->text, room);
    if (!text)
        return false;
    task->text = text;
    task->room = room;
    return true;
}

bool task_add(struct task *task, const char *text, size_t size)
{
    if (task->fault[0])
        return false;
    if (!make_room(task, size)) {
        task_fail(task, "out of memory");
        return false;
    }
    memcpy(task->text + task->size, text, size);
    task->size += size;
    task->text[task->size] = '\0';
    return true;
}

void task_clear(struct task *task)
{
    depesha_document_free(task->document);
    file_free(&task->file);
    free(task->name);
    char *text = task->text;
    size_t room = task->room;
    if (room > KEPT_ROOM) {
        free(text);
        text = NULL;
        room = 0;
    }
    *task = (struct task){.text = text, .room = room};
}

void task_free(struct task *task)
{
    free(task->text);
    task->text = NULL;
    task->room = 0;
    task_clear(task);
}
