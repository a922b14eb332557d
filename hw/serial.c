/* SPDX-License-Identifier: MIT */
#include "hw/serial.h"

#include "base/trace.h"
#include "hw/access.h"
#include "hw/aml_writer.h"
#include "hw/machine/machine.h"

#define N_REGISTERS 8
#define FIFO_SIZE 16

/* The registers, by their offset. */
enum {
    DATA,             /* or the low byte of the divisor */
    INTERRUPT_ENABLE, /* or its high byte */
    INTERRUPT_ID,     /* read; written, FIFO control */
    LINE_CONTROL,
    MODEM_CONTROL,
    LINE_STATUS,
    MODEM_STATUS,
    SCRATCH,
};

/* Interrupt enable */
#define ENABLE_RECEIVED 0x01
#define ENABLE_SENT 0x02
#define ENABLE_LINE 0x04
#define ENABLE_MASK 0x0f

/* Interrupt identification, in order of priority */
#define ID_LINE 0x06
#define ID_RECEIVED 0x04
#define ID_TIMEOUT 0x0c
#define ID_SENT 0x02
#define ID_NONE 0x01
#define ID_HAS_FIFO 0xc0

/* FIFO control */
#define FIFO_ENABLE 0x01
#define FIFO_CLEAR_RECEIVED 0x02
#define FIFO_CLEAR_SENT 0x04
#define FIFO_MASK 0xc9
#define FIFO_TRIGGER_SHIFT 6

#define LINE_CONTROL_DIVISOR 0x80

/* Modem control: what the port says … */
#define CONTROL_DTR 0x01
#define CONTROL_RTS 0x02
#define CONTROL_OUT1 0x04
#define CONTROL_OUT2 0x08
#define CONTROL_LOOPBACK 0x10
#define CONTROL_MASK 0x1f

/* … and modem status: what it hears */
#define STATUS_CTS 0x10
#define STATUS_DSR 0x20
#define STATUS_RI 0x40
#define STATUS_DCD 0x80

/* Line status */
#define LINE_READY 0x01
#define LINE_OVERRUN 0x02
#define LINE_SENT 0x60 /* holding and shift register are empty */

#define DEFAULT_DIVISOR 12 /* 9600 bits a second */

struct GcSerial {
    GcMachine *machine;
    const char *acpi_name;
    uint32_t number; /* COM1 is 1 */
    uint16_t port;
    unsigned gsi;
    const GcSerialPeer *peer; /* or NULL */
    void *peer_opaque;
    bool peer_waits; /* until there is room for what it sends */

    uint8_t interrupt_enable;
    uint8_t fifo_control;
    uint8_t line_control;
    uint8_t modem_control;
    uint8_t scratch;
    uint8_t divisor[2];
    bool overrun;
    bool sent_pending; /* nobody has asked for this interrupt yet */
    bool irq_level;
    uint8_t last; /* what the data register reads as when it is empty */
    uint8_t fifo[FIFO_SIZE];
    unsigned first;
    unsigned n_received;
};

/* Where PCs have them. */
static const struct {
    const char *range_name;
    const char *acpi_name;
    uint16_t port;
    unsigned gsi;
} places[GC_SERIAL_MAX_PORTS] = {
    {"serial port 1", "COM1", 0x3f8, 4},
    {"serial port 2", "COM2", 0x2f8, 3},
};

static bool has_fifo(const GcSerial *serial)
{
    return (serial->fifo_control & FIFO_ENABLE) != 0;
}

static bool is_loopback(const GcSerial *serial)
{
    return (serial->modem_control & CONTROL_LOOPBACK) != 0;
}

static unsigned get_room(const GcSerial *serial)
{
    unsigned size = has_fifo(serial) ? FIFO_SIZE : 1;

    return serial->n_received < size ? size - serial->n_received : 0;
}

/* Interrupts */

static bool is_triggered(const GcSerial *serial)
{
    static const uint8_t triggers[] = {1, 4, 8, 14};

    return !has_fifo(serial) ||
           serial->n_received >=
               triggers[serial->fifo_control >> FIFO_TRIGGER_SHIFT];
}

static uint8_t get_interrupt(const GcSerial *serial)
{
    uint8_t enabled = serial->interrupt_enable;

    if ((enabled & ENABLE_LINE) != 0 && serial->overrun) {
        return ID_LINE;
    }
    if ((enabled & ENABLE_RECEIVED) != 0 && serial->n_received > 0) {
        return is_triggered(serial) ? ID_RECEIVED : ID_TIMEOUT;
    }
    if ((enabled & ENABLE_SENT) != 0 && serial->sent_pending) {
        return ID_SENT;
    }
    return ID_NONE;
}

static void update_irq(GcSerial *serial)
{
    bool level = get_interrupt(serial) != ID_NONE;

    if (level != serial->irq_level) {
        serial->irq_level = level;
        gc_machine_set_irq(serial->machine, serial->gsi, level);
    }
}

/* Received bytes */

static void put_received(GcSerial *serial, uint8_t byte)
{
    if (get_room(serial) == 0) {
        serial->overrun = true;
        return;
    }
    serial->fifo[(serial->first + serial->n_received) % FIFO_SIZE] = byte;
    serial->n_received++;
}

static uint8_t take_received(GcSerial *serial)
{
    if (serial->n_received > 0) {
        serial->last = serial->fifo[serial->first];
        serial->first = (serial->first + 1) % FIFO_SIZE;
        serial->n_received--;
    }
    return serial->last;
}

/* Lets the host go on once it makes sense. */
static void wake_peer(GcSerial *serial)
{
    if (serial->peer_waits && serial->n_received == 0 && !is_loopback(serial)) {
        serial->peer_waits = false;
        serial->peer->ready(serial->peer_opaque);
    }
}

size_t gc_serial_receive(GcSerial *serial, const uint8_t *data, size_t len)
{
    size_t n = is_loopback(serial) ? 0 : MIN(len, get_room(serial));

    for (size_t i = 0; i < n; i++) {
        put_received(serial, data[i]);
    }
    serial->peer_waits = n < len && serial->peer != NULL;
    update_irq(serial);
    return n;
}

/* Reads */

static uint8_t read_interrupt_id(GcSerial *serial)
{
    uint8_t id = get_interrupt(serial);

    if (id == ID_SENT) {
        serial->sent_pending = false;
    }
    return has_fifo(serial) ? id | ID_HAS_FIFO : id;
}

static uint8_t read_line_status(GcSerial *serial)
{
    uint8_t status = LINE_SENT;

    if (serial->n_received > 0) {
        status |= LINE_READY;
    }
    if (serial->overrun) {
        status |= LINE_OVERRUN;
        serial->overrun = false;
    }
    return status;
}

/* The peer is there and ready; in loopback, the port hears itself. */
static uint8_t read_modem_status(const GcSerial *serial)
{
    uint8_t control = serial->modem_control;

    if (!is_loopback(serial)) {
        return STATUS_DCD | STATUS_DSR | STATUS_CTS;
    }
    return ((control & CONTROL_DTR) != 0 ? STATUS_DSR : 0) |
           ((control & CONTROL_RTS) != 0 ? STATUS_CTS : 0) |
           ((control & CONTROL_OUT1) != 0 ? STATUS_RI : 0) |
           ((control & CONTROL_OUT2) != 0 ? STATUS_DCD : 0);
}

static bool is_divisor(const GcSerial *serial, uint64_t offset)
{
    return offset <= INTERRUPT_ENABLE &&
           (serial->line_control & LINE_CONTROL_DIVISOR) != 0;
}

static uint8_t read_byte(GcSerial *serial, uint64_t offset)
{
    if (is_divisor(serial, offset)) {
        return serial->divisor[offset];
    }
    switch (offset) {
    case DATA:
        return take_received(serial);
    case INTERRUPT_ENABLE:
        return serial->interrupt_enable;
    case INTERRUPT_ID:
        return read_interrupt_id(serial);
    case LINE_CONTROL:
        return serial->line_control;
    case MODEM_CONTROL:
        return serial->modem_control;
    case LINE_STATUS:
        return read_line_status(serial);
    case MODEM_STATUS:
        return read_modem_status(serial);
    default:
        return serial->scratch;
    }
}

static uint64_t read_register(void *opaque, uint64_t offset,
                              unsigned width G_GNUC_UNUSED)
{
    GcSerial *serial = opaque;
    uint8_t value;

    if (offset >= N_REGISTERS) {
        return UINT8_MAX;
    }
    value = read_byte(serial, offset);
    wake_peer(serial);
    update_irq(serial);
    return value;
}

/* Writes */

static void send_byte(GcSerial *serial, uint8_t byte)
{
    if (is_loopback(serial)) {
        put_received(serial, byte);
    } else if (serial->peer != NULL) {
        serial->peer->send(serial->peer_opaque, &byte, 1);
    }
    serial->sent_pending = true;
}

static void write_interrupt_enable(GcSerial *serial, uint8_t value)
{
    uint8_t added = value & ~serial->interrupt_enable;

    serial->interrupt_enable = value & ENABLE_MASK;
    if ((added & ENABLE_SENT) != 0) {
        serial->sent_pending = true; /* there is nothing to be sent */
    }
}

static void write_fifo_control(GcSerial *serial, uint8_t value)
{
    bool changed = ((value ^ serial->fifo_control) & FIFO_ENABLE) != 0;

    if (changed || (value & FIFO_CLEAR_RECEIVED) != 0) {
        serial->n_received = 0;
    }
    if (changed || (value & FIFO_CLEAR_SENT) != 0) {
        serial->sent_pending = true;
    }
    serial->fifo_control = value & FIFO_MASK;
}

static void write_byte(GcSerial *serial, uint64_t offset, uint8_t value)
{
    if (is_divisor(serial, offset)) {
        serial->divisor[offset] = value;
        return;
    }
    switch (offset) {
    case DATA:
        send_byte(serial, value);
        break;
    case INTERRUPT_ENABLE:
        write_interrupt_enable(serial, value);
        break;
    case INTERRUPT_ID:
        write_fifo_control(serial, value);
        break;
    case LINE_CONTROL:
        serial->line_control = value;
        break;
    case MODEM_CONTROL:
        serial->modem_control = value & CONTROL_MASK;
        break;
    case SCRATCH:
        serial->scratch = value;
        break;
    default:
        gc_trace(GUEST, "serial: 0x%x written to register %u", value,
                 (unsigned)offset);
        break;
    }
}

static void write_register(void *opaque, uint64_t offset,
                           unsigned width G_GNUC_UNUSED, uint64_t value)
{
    GcSerial *serial = opaque;

    if (offset < N_REGISTERS) {
        write_byte(serial, offset, (uint8_t)value);
        wake_peer(serial);
        update_irq(serial);
    }
}

static uint64_t read_port(void *opaque, uint64_t offset, unsigned size)
{
    return gc_access_read(read_register, opaque, offset, size, 1);
}

static void write_port(void *opaque, uint64_t offset, unsigned size,
                       uint64_t value)
{
    gc_access_write(write_register, opaque, offset, size, value, 1);
}

static const GcBusOps port_ops = {.read = read_port, .write = write_port};

/* The device */

static void reset(void *opaque)
{
    GcSerial *serial = opaque;

    serial->interrupt_enable = 0;
    serial->fifo_control = 0;
    serial->line_control = 0;
    serial->modem_control = CONTROL_OUT2;
    serial->scratch = 0;
    serial->divisor[0] = DEFAULT_DIVISOR;
    serial->divisor[1] = 0;
    serial->overrun = false;
    serial->sent_pending = false;
    serial->last = 0;
    serial->n_received = 0;
    wake_peer(serial);
    update_irq(serial);
}

static void write_acpi(void *opaque, GcAml *aml)
{
    const GcSerial *serial = opaque;

    gc_aml_begin_device(aml, serial->acpi_name);
    gc_aml_add_eisa_id(aml, "_HID", "PNP0501");
    gc_aml_add_integer(aml, "_UID", serial->number);
    gc_aml_add_integer(aml, "_STA", 0x0f); /* works, and is for users */
    gc_aml_begin_resources(aml);
    gc_aml_add_ports(aml, serial->port, N_REGISTERS);
    gc_aml_add_interrupt(aml, serial->gsi);
    gc_aml_end(aml);
    gc_aml_end(aml);
}

static const GcDeviceOps ops = {
    .reset = reset,
    .write_acpi = write_acpi,
    .free = g_free,
};

GcSerial *gc_serial_add(GcMachine *machine, unsigned index, GError **error)
{
    GcSerial *serial = g_new0(GcSerial, 1);
    const GcBusRange range = {
        .name = places[index].range_name,
        .start = places[index].port,
        .size = N_REGISTERS,
        .ops = &port_ops,
        .opaque = serial,
    };

    serial->machine = machine;
    serial->acpi_name = places[index].acpi_name;
    serial->number = index + 1;
    serial->port = places[index].port;
    serial->gsi = places[index].gsi;
    gc_machine_take_device(machine, gc_device_new("serial", &ops, serial));
    return gc_bus_add(gc_machine_get_ports(machine), &range, error) ? serial
                                                                    : NULL;
}

void gc_serial_set_peer(GcSerial *serial, const GcSerialPeer *peer,
                        void *opaque)
{
    serial->peer = peer;
    serial->peer_opaque = opaque;
    serial->peer_waits = false;
}
