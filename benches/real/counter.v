module top(input clk, input [3:0] a, output reg [7:0] q);
  reg [23:0] c; reg [7:0] lfsr;
  always @(posedge clk) begin c <= c + 1; lfsr <= {lfsr[6:0], lfsr[7]^lfsr[5]^lfsr[4]^lfsr[3]}; q <= c[23:16] ^ lfsr ^ (a * a); end
endmodule
