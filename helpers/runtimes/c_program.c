/* Calls the signatures of a SavedModel with TensorFlow's C library, without Python.
 *
 *     reader DIRECTORY
 *
 * The program loads the export. Then it reads questions from standard input and writes answers to
 * standard output, until standard input ends. All numbers outside of tensors are int64. A text is
 * its length and its bytes. A tensor is its dtype (as in TF_DataType), its rank, every dimension,
 * the length of its data in bytes, and the data: numbers as in memory, or for a string tensor every
 * element as a text.
 *
 * question: seconds after which to give up, number of calls,
 *           number of inputs, for each its name in the graph ("call_x:0") and its tensor,
 *           number of outputs, for each its name in the graph
 * answer:   0, nanoseconds of all calls, number of outputs, for each its tensor
 *       or: the code of the error (not 0), its message
 *
 * After it has loaded the export, the program writes one answer without a question: 0, 0, 0 or an
 * error.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tensorflow/c/c_api.h>
#include <tensorflow/c/tf_tstring.h>

#define MOST 1000 /* inputs, outputs, dimensions */

static FILE *answers;

static void *must(void *memory) {
    if (memory == NULL) {
        fprintf(stderr, "reader: no memory\n");
        exit(3);
    }
    return memory;
}

/* Reading. The program ends when standard input ends. */

static void get(void *to, size_t length) {
    if (length > 0 && fread(to, 1, length, stdin) != length)
        exit(0);
}

static int64_t get_number(void) {
    int64_t number;
    get(&number, sizeof number);
    return number;
}

/* Reads how many items follow. A number above `most` is an error of the caller. */
static int64_t get_count(int64_t most) {
    int64_t count = get_number();
    if (count < 0 || count > most) {
        fprintf(stderr, "reader: not a question\n");
        exit(3);
    }
    return count;
}

static char *get_text(size_t *length) {
    int64_t count = get_count(INT32_MAX);
    char *text = must(malloc((size_t)count + 1));
    get(text, (size_t)count);
    text[count] = 0;
    if (length != NULL)
        *length = (size_t)count;
    return text;
}

/* Frees the buffer of a string tensor. */
static void free_strings(void *data, size_t length, void *unused) {
    TF_TString *strings = data;
    (void)unused;
    for (size_t i = 0; i < length / sizeof *strings; i++)
        TF_StringDealloc(&strings[i]);
    free(data);
}

static TF_Tensor *get_strings(const int64_t *dims, int rank) {
    size_t count = 1, length;
    for (int i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    TF_TString *strings = must(malloc(count * sizeof *strings + 1));
    for (size_t i = 0; i < count; i++) {
        char *text = get_text(&length);
        TF_StringInit(&strings[i]);
        TF_StringCopy(&strings[i], text, length);
        free(text);
    }
    return TF_NewTensor(TF_STRING, dims, rank, strings, count * sizeof *strings, free_strings, NULL);
}

static TF_Tensor *get_tensor(void) {
    TF_DataType dtype = (TF_DataType)get_number();
    int64_t dims[MOST];
    int rank = (int)get_count(MOST);
    for (int i = 0; i < rank; i++)
        dims[i] = get_count(INT64_MAX);
    size_t length = (size_t)get_count(INT64_MAX);
    if (dtype == TF_STRING)
        return get_strings(dims, rank);
    TF_Tensor *tensor = must(TF_AllocateTensor(dtype, dims, rank, length));
    get(TF_TensorData(tensor), length);
    return tensor;
}

/* Writing */

static void put(const void *from, size_t length) {
    fwrite(from, 1, length, answers);
}

static void put_number(int64_t number) {
    put(&number, sizeof number);
}

static void put_text(const char *text, size_t length) {
    put_number((int64_t)length);
    put(text, length);
}

static void put_tensor(const TF_Tensor *tensor) {
    put_number(TF_TensorType(tensor));
    put_number(TF_NumDims(tensor));
    for (int i = 0; i < TF_NumDims(tensor); i++)
        put_number(TF_Dim(tensor, i));
    if (TF_TensorType(tensor) != TF_STRING) {
        put_text(TF_TensorData(tensor), TF_TensorByteSize(tensor));
        return;
    }
    const TF_TString *strings = TF_TensorData(tensor);
    int64_t count = TF_TensorElementCount(tensor);
    put_number(0); /* every text below has its own length */
    for (int64_t i = 0; i < count; i++)
        put_text(TF_StringGetDataPointer(&strings[i]), TF_StringGetSize(&strings[i]));
}

static void put_error(int code, const char *message) {
    put_number(code);
    put_text(message, strlen(message));
    fflush(answers);
}

/* Finds the output "call_x:0" of an operation. Its `oper` is NULL if the graph does not have it. */
static TF_Output find(TF_Graph *graph, char *name) {
    TF_Output end = {NULL, 0};
    char *colon = strrchr(name, ':');
    if (colon != NULL) {
        *colon = 0;
        end.index = atoi(colon + 1);
    }
    end.oper = TF_GraphOperationByName(graph, name);
    return end;
}

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void answer_one(TF_Session *session, TF_Graph *graph, TF_Status *status) {
    TF_Output inputs[MOST], outputs[MOST];
    TF_Tensor *given[MOST], *got[MOST];
    const char *unknown = NULL;

    unsigned give_up = (unsigned)get_count(INT32_MAX);
    int64_t calls = get_count(INT64_MAX);
    int n_inputs = (int)get_count(MOST);
    for (int i = 0; i < n_inputs; i++) {
        char *name = get_text(NULL);
        inputs[i] = find(graph, name);
        given[i] = get_tensor();
        if (inputs[i].oper == NULL)
            unknown = "an input of the signature is not in the graph";
        free(name);
    }
    int n_outputs = (int)get_count(MOST);
    for (int i = 0; i < n_outputs; i++) {
        char *name = get_text(NULL);
        outputs[i] = find(graph, name);
        if (outputs[i].oper == NULL)
            unknown = "an output of the signature is not in the graph";
        free(name);
    }

    alarm(give_up); /* ends this program if the process that started it has died */
    TF_SetStatus(status, unknown == NULL ? TF_OK : TF_NOT_FOUND, unknown == NULL ? "" : unknown);
    int64_t start = nanoseconds();
    for (int64_t call = 0; call < calls && TF_GetCode(status) == TF_OK; call++) {
        for (int i = 0; call > 0 && i < n_outputs; i++)
            TF_DeleteTensor(got[i]);
        TF_SessionRun(session, NULL, inputs, given, n_inputs, outputs, got, n_outputs, NULL, 0,
                      NULL, status);
    }
    int64_t took = nanoseconds() - start;
    alarm(0);

    if (TF_GetCode(status) != TF_OK) {
        put_error(TF_GetCode(status), TF_Message(status));
    } else {
        put_number(0);
        put_number(took);
        put_number(n_outputs);
        for (int i = 0; i < n_outputs; i++) {
            put_tensor(got[i]);
            TF_DeleteTensor(got[i]);
        }
        fflush(answers);
    }
    for (int i = 0; i < n_inputs; i++)
        TF_DeleteTensor(given[i]);
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: reader DIRECTORY\n");
        return 2;
    }
    /* A program inherits blocked signals, so the caller may have blocked the one that ends it. */
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &alarms, NULL);
    signal(SIGALRM, SIG_DFL);

    answers = must(fdopen(dup(1), "wb"));
    dup2(2, 1); /* what TensorFlow prints must not mix with the answers */

    TF_Status *status = TF_NewStatus();
    TF_Graph *graph = TF_NewGraph();
    TF_SessionOptions *options = TF_NewSessionOptions();
    const char *tags[] = {"serve"};
    TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, arguments[1], tags, 1, graph,
                                                       NULL, status);
    if (TF_GetCode(status) != TF_OK) {
        put_error(TF_GetCode(status), TF_Message(status));
        return 1;
    }
    for (int i = 0; i < 3; i++)
        put_number(0);
    fflush(answers);
    for (;;)
        answer_one(session, graph, status);
}
