// A virtual member call on a null pointer that a lookup gave.
#include <map>
#include <string>

class Handler {
  public:
    virtual ~Handler() {}
    virtual int handle(const std::string &request) = 0;
};

class Echo : public Handler {
  public:
    int handle(const std::string &request) override { return (int)request.size(); }
};

class Router {
    std::map<std::string, Handler *> routes_;

  public:
    void add(const std::string &path, Handler *handler) { routes_[path] = handler; }
    int route(const std::string &path, const std::string &request) {
        Handler *handler = routes_[path];
        return handler->handle(request);
    }
};

int main() {
    Router router;
    Echo echo;
    router.add("/echo", &echo);
    int length = router.route("/echo", "hello");
    return length + router.route("/ehco", "hello");
}
// report: -O0 -g
// report: -O2 -g
