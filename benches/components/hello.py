import wit_world.exports as exports


class Run(exports.Run):
    def run(self):
        print("hello")
