#!/bin/bash
# nothing here
