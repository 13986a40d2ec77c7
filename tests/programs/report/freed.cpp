// A virtual call through a freed object whose memory was used again.
#include <cstdlib>
#include <cstring>
#include <new>

struct Sensor {
    int id;
    explicit Sensor(int id) : id(id) {}
    virtual int read() const { return id * 2; }
    virtual ~Sensor() {}
};

struct Gauge : Sensor {
    int offset;
    Gauge(int id, int offset) : Sensor(id), offset(offset) {}
    int read() const override { return id + offset; }
};

static int poll(const Sensor *sensor) {
    return sensor->read();
}

int main() {
    Sensor *sensor = new Gauge(7, 30);
    int before = poll(sensor);
    delete sensor;
    char *text = (char *)malloc(sizeof(Gauge));
    memset(text, 'A', sizeof(Gauge));
    return before + poll(sensor);
}
// report: -O0 -g
