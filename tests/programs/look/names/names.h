int from_first(void);
int from_second(void);
int from_third(void);
