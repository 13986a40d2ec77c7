// Functions whose names say their parameters and types already.
template <class T> int next_id() {
  static int number = 5;
  return ++number;
}

struct shape {
  int sides;
  int corners() const { return sides; }
};

int main() {
  shape square = {4};
  return next_id<int>() + next_id<char>() + square.corners();
}
